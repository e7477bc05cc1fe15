import { join, resolve } from "node:path";
import { CloudHostError, isCloudHostError } from "@cloudhost/core";
import type { Image } from "@cloudhost/core";
import { buildGuest } from "../../../../scripts/build-guest.ts";
import type { GuestImage } from "../../../../scripts/build-guest.ts";
import { storeImage } from "../steps/import-image.ts";
import type { Tour } from "../tour.ts";
import { requireProgram } from "./programs.ts";

/** Where guests are kept once they are built, for this and for the tests. */
const cache = join(resolve(import.meta.dirname, "../../../.."), "node_modules/.cache/cloudhost-guest");

/**
 * Builds the guest, or finds it built. The first time it takes Debian's packages from the network.
 * @throws CloudHostError `DEPENDENCY_MISSING` with what to do
 */
export async function findGuest(signal: AbortSignal): Promise<GuestImage> {
  for (const program of ["apt-get", "dpkg-deb", "mke2fs"]) await requireProgram(program);
  try {
    return await buildGuest(cache, signal);
  } catch (cause) {
    if (signal.aborted || isCloudHostError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const remedy = 'It is made of Debian\'s packages: "apt-get update" may help.';
    const details = { dependency: "a guest image", remedy };
    throw new CloudHostError("DEPENDENCY_MISSING", `The guest image cannot be built: ${reason}`, details, { cause });
  }
}

/** Stores the guest: its kernel, its initial file system, and the disk whose properties name both. */
export async function importGuest(tour: Tour, guest: GuestImage): Promise<Image> {
  const part = (name: string, file: GuestImage["disk"]): Promise<Image> =>
    storeImage(tour, { name: `${name}-${shortDigest([file])}`, path: async () => file.path });
  const kernel = await part("kernel", guest.kernel);
  const initrd = await part("initrd", guest.initrd);
  return storeImage(tour, {
    name: `guest-${shortDigest([guest.disk, guest.kernel, guest.initrd])}`,
    path: async () => guest.disk.path,
    properties: { kernelImage: kernel.id, initrdImage: initrd.id, kernelArguments: guest.arguments },
  });
}

/** Enough to tell one from another. */
const shortDigest = (files: readonly GuestImage["disk"][]): string =>
  files.map(({ digest }) => digest.slice("sha256:".length).slice(0, 8)).join("-");
