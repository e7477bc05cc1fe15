import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mibFromGib, systemActor } from "@cloudhost/core";
import type { Actor, ActorCloud, Cloud, CreateFlavor } from "@cloudhost/core";

/** Amy, a member of the project `album`. */
export const amy: Actor = { userId: "amy", projectId: "album", roles: ["member"] };

/** Olga, who operates the cloud and acts in no project. */
export const olga: Actor = { userId: "olga", roles: ["operator"] };

const flavors: readonly CreateFlavor[] = [
  { name: "c1.e1", vcpus: 1, milliEcuPerVcpu: 1000, memoryMib: mibFromGib(1), systemDiskGib: 10 },
  { name: "c2.e4", vcpus: 2, milliEcuPerVcpu: 2000, memoryMib: mibFromGib(4), systemDiskGib: 20 },
  { name: "c8.e32", vcpus: 8, milliEcuPerVcpu: 4000, memoryMib: mibFromGib(16), systemDiskGib: 40 },
];

/**
 * Puts into a new cloud what every test needs: flavors, projects, and the public image `debian-12`, which is 1 MiB of
 * noise.
 * @param folder for the image's file
 */
export async function furnish(
  cloud: Cloud,
  more: { readonly flavors: readonly CreateFlavor[]; readonly projects: readonly string[] },
  folder: string,
): Promise<void> {
  const product = cloud.as(systemActor("a test cloud is furnished"));
  for (const flavor of [...flavors, ...more.flavors]) await product.flavors.create(flavor);
  for (const name of ["album", ...more.projects]) await product.projects.create({ name });
  await importImage(product, join(folder, "debian-12.raw"));
}

async function importImage(product: ActorCloud, path: string): Promise<void> {
  await writeFile(path, (noise ??= noiseOf(2 ** 20)));
  await (await product.images.import({ name: "debian-12", path, visibility: "public" })).result();
}

/** Made once a process: it takes longer than all else that a cloud is furnished with. */
let noise: Buffer | undefined;

/** The same bytes every time, and no two blocks alike. */
function noiseOf(bytes: number): Buffer {
  const blocks = Array.from({ length: bytes / 32 }, (_, index) => createHash("sha256").update(String(index)).digest());
  return Buffer.concat(blocks, bytes);
}
