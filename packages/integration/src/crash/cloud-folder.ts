import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { VirtualClock, createCloud, systemClock, tokens } from "@cloudhost/core";
import type { ActorCloud, Cloud, CloudOptions, OperationHandle } from "@cloudhost/core";
import { fakeFaults, fakeFleet, fakePower, holdFakeWorld } from "@cloudhost/driver-fake";
import { fileSystemBackend, imageStore } from "@cloudhost/image-store";
import { filterScheduler } from "@cloudhost/scheduler";
import { Container } from "inversify";
import type { CloudPlaces } from "../checker/finding.ts";
import type { Before, Scenario } from "./scenario.ts";
import { hostOfWeb } from "./scenarios/tools.ts";

/** Where the cloud of one case is, below a folder of its own. */
export const placesIn = (folder: string, database: string): CloudPlaces => ({
  database,
  stateDir: join(folder, "state"),
  fakeDir: join(folder, "fake"),
  imageDir: join(folder, "images"),
});

/** The disk image files of the cases: one that can be stored, one that is like it in part, one that only looks so. */
export const filesIn = (folder: string) => ({
  image: join(folder, "disk.raw"),
  spare: join(folder, "spare.raw"),
  broken: join(folder, "broken.qcow2"),
});

/** Two fake hosts that keep their world in files, and the cloud on them. */
export const fleetIn = ({ fakeDir }: CloudPlaces) => fakeFleet({ hosts: 2, state: fakeDir, bootMs: 1 });

/** Leases are short, so that the next process need not wait for a dead one's. */
export const leaseMs = 400;

/** Opens the cloud of a case. */
export const openCase = (places: CloudPlaces, more: Partial<CloudOptions> = {}): Promise<Cloud> =>
  createCloud({
    database: places.database,
    stateDir: places.stateDir,
    scheduler: filterScheduler(),
    images: imageStore({ backend: fileSystemBackend(places.imageDir) }),
    hosts: fleetIn(places),
    fence: fakePower(fleetIn(places)),
    leaseMs,
    ...more,
  });

const size = { vcpus: 1, milliEcuPerVcpu: 1000, memoryMib: 512, systemDiskGib: 1 };
/** One with another disk, one without, and one that a host with a server has no room for but an empty one has. */
const flavors = [
  { ...size, name: "c1.e1" },
  { ...size, name: "c1.e1.d2", systemDiskGib: 2 },
  { ...size, name: "c2.e2", vcpus: 2, memoryMib: 1024 },
  { ...size, name: "large", memoryMib: 63_000 },
];

/** How a running server comes to be in a state. */
const ways: Partial<Record<Before, (album: ActorCloud, ops: ActorCloud) => Promise<OperationHandle<unknown>>>> = {
  stopped: (album) => album.servers.stop("web-0", { graceMs: 0 }),
  paused: (album) => album.servers.pause("web-0"),
  suspended: (album) => album.servers.suspend("web-0"),
  rescued: (album) => album.servers.rescue("web-0", { image: "spare", graceMs: 0 }),
  shelved: (album) => album.servers.shelve("web-0", { graceMs: 0 }),
  softDeleted: (album) => album.servers.delete("web-0", { restoreMs: 86_400_000 }),
  resized: (album) => album.servers.resize("web-0", { flavor: "c1.e1.d2" }),
  "active with a disk": (album) => album.servers.createDisk("web-0", { sizeGib: 1, name: "data" }),
  "stopped with a disk": async (album) => {
    await (await album.servers.createDisk("web-0", { sizeGib: 1, name: "data" })).result();
    return album.servers.stop("web-0", { graceMs: 0 });
  },
  "shelved with a disk": async (album) => {
    await (await album.servers.createDisk("web-0", { sizeGib: 1, name: "data" })).result();
    await (await album.servers.stop("web-0", { graceMs: 0 })).result();
    return album.servers.shelve("web-0");
  },
  "active with two interfaces": (album) => album.servers.attachInterface("web-0"),
  "resized elsewhere": (album) => album.servers.resize("web-0", { flavor: "large" }),
  "on a fenced host": async (_, ops) => ops.hosts.fence(await hostOfWeb(ops), { evenIfUp: true }),
  async evacuated(_, ops) {
    const host = await hostOfWeb(ops);
    await (await ops.hosts.fence(host, { evenIfUp: true })).result();
    const [evacuation] = (await ops.hosts.evacuate(host)).operations;
    if (evacuation === undefined) throw new Error(`Nothing is evacuated from ${host}.`);
    return evacuation;
  },
};

/** A guest that nobody told the cloud of. */
async function addStranger(places: CloudPlaces): Promise<void> {
  await using world = holdFakeWorld(fleetIn(places));
  await world.addStranger("host-1", { name: "by-hand", power: "stopped" });
}

/** Makes what there is before a scenario: a project, a flavor, images, and the server that it needs. */
export async function prepareCase(
  folder: string,
  places: CloudPlaces,
  { before, neighbour }: Pick<Scenario, "before" | "neighbour">,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = filesIn(folder);
  // Two chunks that differ and one that is zero.
  const bytes = Buffer.alloc(9 << 20);
  bytes.fill(7, 0, 1 << 20);
  bytes.fill(9, 8 << 20);
  await writeFile(files.image, bytes);
  await writeFile(files.spare, Buffer.from(bytes).fill(5, 8 << 20));
  await writeFile(files.broken, Buffer.concat([Buffer.from("QFI\xfb", "latin1"), Buffer.alloc(65_536, 1)]));
  const container = new Container();
  const clock = before === "stuck" ? new VirtualClock() : systemClock();
  // What is stuck was tried again and again: with virtual time that takes none.
  container.bind(tokens.clock).toConstantValue(clock);
  await using cloud = await clock.busy(() => openCase(places, { container }));
  const ops = cloud.as({ userId: "olga", roles: ["operator"] });
  await ops.projects.create({ name: "album" });
  for (const flavor of flavors) await ops.flavors.create(flavor);
  const album = cloud.as({ userId: "amy", projectId: "album", roles: ["member"] });
  await (await album.images.import({ name: "base", path: files.image })).result();
  await (await album.images.import({ name: "spare", path: files.spare })).result();
  if (before === "a guest of others") await addStranger(places);
  if (before === "nothing" || before === "a guest of others") return;
  if (before === "stuck") {
    await makeStuck(album, places);
    return;
  }
  await (await album.servers.create({ name: "web-0", flavor: "c1.e1", image: "base" })).result();
  if (neighbour) await (await album.servers.create({ name: "web-1", flavor: "c1.e1", image: "base" })).result();
  await (await ways[before]?.(album, ops))?.result();
}

/** Leaves the creation of `web-0` stuck on its way back: its guest cannot be removed. */
async function makeStuck(album: ActorCloud, places: CloudPlaces): Promise<void> {
  const faults = fakeFaults(fleetIn(places));
  for (const { name } of fleetIn(places)) {
    faults.failNext(name, "start", { code: "CONFLICT" });
    faults.failNext(name, "remove", { times: Infinity });
  }
  const create = await album.servers.create({ name: "web-0", flavor: "c1.e1", image: "base" });
  await create.result().catch(() => {});
  faults.clear();
}
