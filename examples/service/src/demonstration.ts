import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isCloudHostError, mibFromGib, systemActor } from "@cloudhost/core";
import type { Actor, Cloud, HostConfig } from "@cloudhost/core";
import { fakeFleet, fakeHost } from "@cloudhost/driver-fake";

/** Two plain hosts and one with four GPUs: fake ones, kept in a folder. Real ones are named here, and nothing else changes. */
export const demonstrationHosts = (state: string): HostConfig[] => [
  ...fakeFleet({ hosts: 2, zones: ["az-1", "az-2"], state }),
  fakeHost({ name: "gpu-1", zone: "az-1", resources: { gpu: 4 }, state }),
];

/** Who may come, by their tokens. The company's identity service knows the real ones. */
export const demonstrationPeople: Readonly<Record<string, Actor>> = {
  "token-of-amy": { userId: "amy", projectId: "album", roles: ["member"] },
  "token-of-olga": { userId: "olga", roles: ["operator"] },
};

/** Flavors, a project, and an image of noise; what is there already stays. */
export async function furnish(cloud: Cloud, folder: string): Promise<void> {
  const service = cloud.as(systemActor("the demonstration is furnished"));
  const small = { vcpus: 1, milliEcuPerVcpu: 1000, memoryMib: mibFromGib(1), systemDiskGib: 10 };
  await unlessThere(() => service.flavors.create({ ...small, name: "c1.e1" }));
  await unlessThere(() => service.flavors.create({ ...small, name: "g1.e1", resources: { gpu: 1 } }));
  await unlessThere(() => service.projects.create({ name: "album" }));
  for await (const { name } of service.images.list()) if (name === "noise") return;
  const path = join(folder, "noise.raw");
  await writeFile(path, randomBytes(2 ** 20));
  await (await service.images.import({ name: "noise", path, visibility: "public" })).result();
}

async function unlessThere(make: () => Promise<unknown>): Promise<void> {
  try {
    await make();
  } catch (error) {
    if (!isCloudHostError(error, "CONFLICT")) throw error;
  }
}
