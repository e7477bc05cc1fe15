import { join } from "node:path";
import { createCloud, isCloudHostError, systemClock, systemActor } from "@cloudhost/core";
import type { Cloud } from "@cloudhost/core";
import { fakeFleet } from "@cloudhost/driver-fake";
import { imageStore, memoryBackend } from "@cloudhost/image-store";
import { filterScheduler } from "@cloudhost/scheduler";
import { writeFile } from "node:fs/promises";

/** Two clouds in one process, at work when they close. Nothing must keep the process alive after that. */
const { folder, databases } = JSON.parse(process.argv[2] ?? "") as { folder: string; databases: string[] };
const disk = join(folder, "disk.raw");
await writeFile(disk, Buffer.alloc(1 << 20, 7));

const open = async (database: string, index: number): Promise<Cloud> =>
  createCloud({
    database,
    stateDir: join(folder, `state-${index}`),
    scheduler: filterScheduler(),
    images: imageStore({ backend: memoryBackend(systemClock()) }),
    hosts: fakeFleet({ hosts: 2, bootMs: 60_000 }),
  });
const before = process.eventNames().map((name) => [name, process.listenerCount(name)] as const);
const clouds = await Promise.all(databases.map(open));
const outcomes = await Promise.all(
  clouds.map(async (cloud, index) => {
    const product = cloud.as(systemActor("set up"));
    await product.projects.create({ name: "album" });
    await product.flavors.create({ name: "c1", vcpus: 1, milliEcuPerVcpu: 1000, memoryMib: 64, systemDiskGib: 1 });
    await (await product.images.import({ name: "debian", path: disk, visibility: "public" })).result();
    const album = cloud.as({ userId: "amy", projectId: "album", roles: ["member"] });
    product.events().subscribe();
    const create = await album.servers.create({ name: `web-${index}`, flavor: "c1", image: "debian" });
    create.progress.subscribe();
    const server = await create.result();
    // Its OS takes a minute to boot: this is waited for when the cloud closes.
    const ready = album.servers.ready(server.id).catch((error: unknown) => error);
    const under = await album.servers.create({ name: "under-way", flavor: "c1", image: "debian" });
    under.progress.subscribe();
    return { server, ready, album };
  }),
);
await Promise.all(clouds.map((cloud) => cloud.close()));
const closedMs = Date.now();
const refusals = await Promise.all(
  outcomes.flatMap(({ ready, album }) => [ready, album.servers.get("web-0").catch((error: unknown) => error)]),
);
const left = process.eventNames().map((name) => [name, process.listenerCount(name)] as const);
process.send?.({
  names: outcomes.map(({ server }) => server.name),
  refusals: refusals.map((error) => (isCloudHostError(error) ? error.code : String(error))),
  handlers: left.filter(([name, count]) => count > (before.find(([known]) => known === name)?.[1] ?? 0)),
  closedMs,
});
// The line to the test is our own handle.
process.disconnect();
