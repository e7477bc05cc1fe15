import { z } from "zod";
import { idOf } from "../ids.ts";

const count = z.int().min(1);
const absolutePath = z.string().startsWith("/", "not an absolute path").max(4096);
const digest = z.string().regex(/^[a-z0-9]+:[0-9a-f]{64}$/, "not a digest (sha256:…)");

/** An image's content on a host, whole and verified; read-only for everybody. */
export const BaseDisk = z.strictObject({
  /** Absolute path on the host. */
  path: absolutePath,
  format: z.enum(["raw", "qcow2"]),
  /** Of the sealed manifest it was made from: `sha256:` and 64 hexadecimal digits. */
  digest,
});
export type BaseDisk = z.infer<typeof BaseDisk>;

/** A disk that is held still so that it can be read. */
export const DiskSource = z.strictObject({
  /** Absolute path on the host. */
  path: absolutePath,
  format: z.enum(["raw", "qcow2"]),
  /** Every file that reading it may open, itself included: a backing file outside this list is refused. */
  chain: z.array(absolutePath).min(1),
});
export type DiskSource = z.infer<typeof DiskSource>;

/**
 * A guest's disk. The system disk is a copy-on-write layer over the base; the others are empty at first. A `detached` data
 * disk is kept on the host with all that is on it, and the guest does not have it.
 */
export const GuestDisk = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("system"), sizeGib: count }),
  z.strictObject({ kind: z.literal("ephemeral"), sizeGib: count }),
  z.strictObject({
    kind: z.literal("data"),
    id: idOf("dsk"),
    sizeGib: count,
    detached: z.literal(true).optional(),
  }),
]);
export type GuestDisk = z.infer<typeof GuestDisk>;

/** Names a disk among those of its guest: `system`, `ephemeral`, or a data disk's id. */
export const DiskKey = z.union([z.literal("system"), z.literal("ephemeral"), idOf("dsk")]);
export type DiskKey = z.infer<typeof DiskKey>;

/** A disk's {@link DiskKey}. */
export const diskKey = (disk: GuestDisk): DiskKey => (disk.kind === "data" ? disk.id : disk.kind);

const ipv4 = z.ipv4();
const mac = z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, "not a MAC address in lowercase");

/** A guest's network interface. Its tap is made by the network driver before the guest is defined. */
export const GuestNic = z.strictObject({
  id: idOf("nic"),
  /** Name of the tap on the host (`tapName(id)`). */
  tap: z.string().regex(/^ch[0-9a-z]{12}$/, "not a tap's name"),
  mac,
  address: ipv4,
  /** Of the fixed network. */
  prefixLength: z.int().min(1).max(32),
  /** The host's own address on the guests' bridge. */
  gateway: ipv4,
});
export type GuestNic = z.infer<typeof GuestNic>;

/** Starts a kernel directly instead of the disk's boot loader. */
export const DirectBoot = z.strictObject({
  kernel: BaseDisk,
  initrd: BaseDisk.optional(),
  /** The kernel's command line. */
  arguments: z
    .string()
    .max(2048)
    .regex(/^[\x20-\x7e]*$/, "not printable ASCII"),
});
export type DirectBoot = z.infer<typeof DirectBoot>;

/** What a guest's OS is told at its first boot; cloud-init knows it as NoCloud. */
export const GuestSeed = z.strictObject({
  /** Letters, digits and hyphens. */
  hostname: z
    .string()
    .max(63)
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "not a host's name"),
  /** OpenSSH public keys, each a line. */
  publicKeys: z.array(z.string()),
  /** What its user gave, in base64; secret to everybody but the guest. */
  userData: z.base64().optional(),
});
export type GuestSeed = z.infer<typeof GuestSeed>;

/** All that a host needs to know of a guest: self-contained, since a host knows neither flavors nor images. */
export const GuestSpec = z.strictObject({
  id: idOf("srv"),
  /** For people, in the hypervisor's own tools; not unique. */
  name: z.string().min(1).max(255),
  vcpus: count.max(512),
  /** Compute of each vCPU in mEUCU. */
  milliEcuPerVcpu: count,
  /** What the guest sees, its hypervisor's overhead not included. */
  memoryMib: count,
  disks: z.array(GuestDisk).min(1),
  base: BaseDisk,
  nics: z.array(GuestNic),
  boot: DirectBoot.optional(),
  /** Given to it as a read-only volume with the label `cidata`, and removed with it. A driver may leave it out. */
  seed: GuestSeed.optional(),
  /**
   * While it is there the guest boots from this image, on a disk of its own that is thrown away afterwards; the system
   * disk is its second one. Only of a driver with the capability `rescue`.
   */
  rescue: z.strictObject({ base: BaseDisk, boot: DirectBoot.optional() }).optional(),
});
export type GuestSpec = z.infer<typeof GuestSpec>;

/** How a guest is. */
export const GuestState = z.strictObject({
  id: idOf("srv"),
  /** `suspended`: its memory is on the host's disk, and its next start goes on from there. */
  power: z.enum(["running", "paused", "suspended", "stopped"]),
  /** Whether its OS has booted; `unknown` where nothing tells, never guessed from the power state. */
  ready: z.enum(["unknown", "booting", "ready"]),
});
export type GuestState = z.infer<typeof GuestState>;
