import { createCloud } from "@cloudhost/core";
import type { ActorCloud, CloudOptions } from "@cloudhost/core";
import { fakeFleet } from "@cloudhost/driver-fake";
import { imageStore, memoryBackend } from "@cloudhost/image-store";
import { filterScheduler } from "@cloudhost/scheduler";

const hosts = 20;
/** Servers that are created before anything is measured: until then the code of a create is not compiled. */
const warmUp = 64;

/** What {@link openAlbum} needs. */
export interface AlbumOptions extends Pick<CloudOptions, "database" | "stateDir" | "container"> {
  /** Path of the image that the servers boot. */
  readonly image: string;
}

/** A cloud on fakes with room for any number of small servers, and one project in it. */
export interface Album extends AsyncDisposable {
  readonly project: ActorCloud;
}

/** Opens it, warmed up. */
export async function openAlbum({ image, ...options }: AlbumOptions): Promise<Album> {
  const cloud = await createCloud({
    ...options,
    scheduler: filterScheduler(),
    images: imageStore({ backend: memoryBackend() }),
    hosts: fakeFleet({ hosts, memoryMib: 10_000_000, diskGib: 10_000_000, linkKbit: [1_000_000_000], bootMs: 1 }),
  });
  const ops = cloud.as({ userId: "bench", roles: ["operator"] });
  await ops.projects.create({ name: "album" });
  await ops.quotas.set("album", { servers: -1, vcpus: -1, milliEcu: -1, memoryMib: -1, externalKbit: -1 });
  await ops.flavors.create({ name: "tiny", vcpus: 1, milliEcuPerVcpu: 1, memoryMib: 16, systemDiskGib: 1 });
  const project = cloud.as({ userId: "amy", projectId: "album", roles: ["member"] });
  await (await project.images.import({ name: "base", path: image })).result();
  await Promise.all(Array.from({ length: warmUp }, (_, index) => createServer(project, `warm-${index}`)));
  return { project, [Symbol.asyncDispose]: () => cloud.close() };
}

/** Creates a server, to its end. */
export async function createServer(project: ActorCloud, name: string): Promise<void> {
  await (await project.servers.create({ name, flavor: "tiny", image: "base" })).result();
}

/** Creates so many servers, so many at once. Gives how long each took, in milliseconds. */
export async function createServers(project: ActorCloud, total: number, atOnce: number): Promise<readonly number[]> {
  const tookMs: number[] = [];
  let next = 0;
  const creator = async (): Promise<void> => {
    for (let index = next++; index < total; index = next++) {
      const startedMs = performance.now();
      await createServer(project, `web-${index}`);
      tookMs.push(performance.now() - startedMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, creator));
  return tookMs;
}
