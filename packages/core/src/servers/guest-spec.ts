import { z } from "zod";
import { idOf } from "../ids.ts";
import { diskKey } from "../ports/guest.ts";
import type { BaseDisk, DiskKey, GuestDisk, GuestNic, GuestSeed, GuestSpec } from "../ports/guest.ts";
import type { EnsureImage } from "../ports/host-images.ts";

/** An image as an operation keeps it: its name may be given to another meanwhile, its content not. */
export const StoredImage = z.strictObject({ imageId: idOf("img"), digest: z.string() });
export type StoredImage = z.infer<typeof StoredImage>;

/** What starts a kernel directly, its files as images. */
export const StoredBoot = z.strictObject({
  kernel: StoredImage,
  initrd: StoredImage.optional(),
  arguments: z.string(),
});
export type StoredBoot = z.infer<typeof StoredBoot>;

/** A guest as an operation keeps it: all that its specification is made of, but what only its host knows. */
export const GuestPlan = z.strictObject({
  name: z.string(),
  vcpus: z.int(),
  milliEcuPerVcpu: z.int(),
  memoryMib: z.int(),
  systemDiskGib: z.int(),
  ephemeralDiskGib: z.int(),
  dataDisks: z
    .array(z.strictObject({ id: idOf("dsk"), sizeGib: z.int(), detached: z.literal(true).optional() }))
    .default([]),
  image: StoredImage,
  boot: StoredBoot.optional(),
});
export type GuestPlan = z.infer<typeof GuestPlan>;

/** What of it says which images it boots from. */
type BootedPlan = Pick<GuestPlan, "image" | "boot">;

/** A guest's images, as files of its host. */
export interface GuestFiles {
  readonly base: BaseDisk;
  readonly boot?: { readonly kernel: BaseDisk; readonly initrd?: BaseDisk };
}

/** Brings a guest's images to its host, and holds them there for it. */
export async function ensureGuestFiles(
  host: { readonly images: { ensure(image: EnsureImage): Promise<BaseDisk> } },
  { image, boot }: BootedPlan,
  holder: string,
): Promise<GuestFiles> {
  const base = await host.images.ensure({ ...image, holder });
  if (boot === undefined) return { base };
  const kernel = await host.images.ensure({ ...boot.kernel, holder });
  if (boot.initrd === undefined) return { base, boot: { kernel } };
  return { base, boot: { kernel, initrd: await host.images.ensure({ ...boot.initrd, holder }) } };
}

/** The digests that a guest's host holds for it. */
export const digestsOf = (plan: BootedPlan): readonly string[] => storedImagesOf(plan).map(({ digest }) => digest);

/** The images that a guest is made of, and started with. */
export const imageIdsOf = (plan: BootedPlan): readonly string[] => storedImagesOf(plan).map(({ imageId }) => imageId);

const storedImagesOf = ({ image, boot }: BootedPlan): readonly StoredImage[] =>
  [image, boot?.kernel, boot?.initrd].filter((stored) => stored !== undefined);

/** Its disks, by which its layers are told apart. */
export const diskKeysOf = (plan: GuestPlan): readonly DiskKey[] => disksOf(plan).map(diskKey);

const disksOf = (plan: GuestPlan): GuestDisk[] => [
  { kind: "system", sizeGib: plan.systemDiskGib },
  ...(plan.ephemeralDiskGib === 0 ? [] : [{ kind: "ephemeral" as const, sizeGib: plan.ephemeralDiskGib }]),
  ...plan.dataDisks.map((disk) => ({ kind: "data" as const, ...disk })),
];

/** Another image that a guest boots from while it is rescued. */
export const RescuePlan = GuestPlan.pick({ image: true, boot: true });
export type RescuePlan = z.infer<typeof RescuePlan>;

/** What of a guest is its server's own, and not its size's or its image's. */
export interface GuestOwn {
  readonly nics: readonly GuestNic[];
  readonly seed?: GuestSeed | undefined;
}

/** What a guest is rescued with: an image, and its files on the host. */
export interface Rescue {
  readonly plan: RescuePlan;
  readonly files: GuestFiles;
}

/**
 * The specification of a guest on its host.
 * @param rescue what it boots from instead, while it is rescued
 */
export function guestSpec(
  serverId: string,
  plan: GuestPlan,
  files: GuestFiles,
  { nics, seed }: GuestOwn,
  rescue?: Rescue,
): GuestSpec {
  return {
    id: serverId,
    name: plan.name,
    vcpus: plan.vcpus,
    milliEcuPerVcpu: plan.milliEcuPerVcpu,
    memoryMib: plan.memoryMib,
    disks: disksOf(plan),
    ...bootedFrom(plan, files, nics),
    nics: [...nics],
    ...(seed === undefined ? {} : { seed }),
    ...(rescue === undefined ? {} : { rescue: bootedFrom(rescue.plan, rescue.files, nics) }),
  };
}

const bootedFrom = (
  { boot: plan }: Pick<GuestPlan, "boot">,
  { base, boot }: GuestFiles,
  nics: readonly GuestNic[],
): Pick<GuestSpec, "base" | "boot"> => ({
  base,
  ...(boot === undefined ? {} : { boot: { ...boot, arguments: withAddress(plan?.arguments ?? "", nics) } }),
});

/**
 * A guest that is started directly finds its first address on its kernel's command line: the first interface stays, so
 * that others come and go without another command line.
 */
const withAddress = (commandLine: string, nics: readonly GuestNic[]): string =>
  [
    commandLine,
    ...nics
      .slice(0, 1)
      .flatMap(({ address, prefixLength, gateway }) => [
        `cloudhost.address=${address}/${prefixLength}`,
        `cloudhost.gateway=${gateway}`,
      ]),
  ]
    .filter((part) => part !== "")
    .join(" ");
