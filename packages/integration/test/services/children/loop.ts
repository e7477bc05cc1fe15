import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createCloud, systemActor, systemClock, tokens } from "@cloudhost/core";
import type { Cloud } from "@cloudhost/core";
import { fakeFleet } from "@cloudhost/driver-fake";
import { imageStore, memoryBackend } from "@cloudhost/image-store";
import { filterScheduler } from "@cloudhost/scheduler";
import { Container } from "inversify";
import { z } from "zod";
import { mainThreadDatabase } from "./main-thread-database.ts";

/** What the process is told. */
export const LoopTask = z.strictObject({
  folder: z.string(),
  /** `shipped`: SQLite in a worker thread, as core has it. `plain`: stock knex and better-sqlite3 on the main thread. */
  store: z.enum(["shipped", "plain"]),
  creates: z.int(),
});

/** What it says at the end. */
export interface LoopReport {
  readonly creates: number;
  readonly tookMs: number;
  /** How late a timer of 10 ms was at worst. */
  readonly worstMs: number;
  /** The same without what the thread waited for a processor, which other programs had. */
  readonly worstOwnMs: number;
}

const task = LoopTask.parse(JSON.parse(process.argv[2] ?? ""));
const file = join(task.folder, "cloud.db");
const opening = (container: Container, hosts: Parameters<typeof createCloud>[0]["hosts"]): Promise<Cloud> =>
  createCloud({
    container,
    database: `sqlite:${file}`,
    stateDir: task.folder,
    scheduler: filterScheduler(),
    images: imageStore({ backend: memoryBackend(systemClock()) }),
    hosts: hosts ?? [],
    runs: hosts === undefined ? "api" : "both",
    // The plain store holds heartbeats up as well: its hosts would be suspect, and take no server.
    ...(task.store === "plain" ? { heartbeatMs: 60_000, leaseMs: 60_000 } : {}),
  });

await using opened = new AsyncDisposableStack();
const container = new Container();
if (task.store === "plain") {
  const first = new Container();
  opened.use(await opening(first, undefined));
  container
    .bind(tokens.database)
    .toConstantValue(opened.use(await mainThreadDatabase(first.get(tokens.database), file)));
}
const cloud = opened.use(await opening(container, fakeFleet({ hosts: 8, bootMs: 1 })));
const product = cloud.as(systemActor("measures the event loop"));
await product.projects.create({ name: "album" });
await product.quotas.set("album", { servers: -1, vcpus: -1, milliEcu: -1, memoryMib: -1 });
await product.flavors.create({ name: "c1", vcpus: 1, milliEcuPerVcpu: 1000, memoryMib: 64, systemDiskGib: 1 });
const disk = join(task.folder, "disk.raw");
await writeFile(disk, Buffer.alloc(1 << 20, 7));
await (await product.images.import({ name: "debian", path: disk, visibility: "public" })).result();
const album = cloud.as({ userId: "amy", projectId: "album", roles: ["member"] });
const create = async (name: string): Promise<void> => {
  await (await album.servers.create({ name, flavor: "c1", image: "debian" })).result();
};
// Warm: compiled code, prepared statements, the base image on each host.
await Promise.all(Array.from({ length: 16 }, (_, index) => create(`warm-${index}`)));

/** How long the main thread has waited for a processor since it began, in ms; 0 where the kernel does not tell. */
function waitedForCpuMs(): number {
  try {
    return Number(readFileSync("/proc/self/schedstat", "utf8").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}

let worstMs = 0;
let worstOwnMs = 0;
let dueMs = performance.now() + 10;
let waitedMs = waitedForCpuMs();
const timer = setInterval(() => {
  const nowMs = performance.now();
  const waitedNowMs = waitedForCpuMs();
  const lateMs = nowMs - dueMs;
  worstMs = Math.max(worstMs, lateMs);
  worstOwnMs = Math.max(worstOwnMs, lateMs - (waitedNowMs - waitedMs));
  dueMs = nowMs + 10;
  waitedMs = waitedNowMs;
}, 10);
const beganMs = performance.now();
await Promise.all(Array.from({ length: task.creates }, (_, index) => create(`web-${index}`)));
const tookMs = Math.round(performance.now() - beganMs);
// A timer that is overdue at the end counts too.
await new Promise((resolve) => setTimeout(resolve, 20));
clearInterval(timer);
const report: LoopReport = {
  creates: task.creates,
  tookMs,
  worstMs: Math.round(worstMs),
  worstOwnMs: Math.round(worstOwnMs),
};
process.send?.(report);
process.disconnect();
