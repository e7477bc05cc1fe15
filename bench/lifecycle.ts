import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCloud } from "@cloudhost/core";
import type { ActorCloud, Cloud } from "@cloudhost/core";
import { fakeFleet } from "@cloudhost/driver-fake";
import { imageStore, memoryBackend } from "@cloudhost/image-store";
import { filterScheduler } from "@cloudhost/scheduler";
import { writeFile } from "node:fs/promises";
import { startPostgres } from "../scripts/postgres.ts";
import type { BenchLine } from "./bench-line.ts";

const creates = { sqlite: 1200, postgres: 400 };
const hosts = 20;

/** Creates a second, end to end on fakes: from the typed call to the running guest, durable at every step. */
export default async function run(emit: (line: BenchLine) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "cloudhost-bench-"));
  await using postgres = await startPostgres();
  try {
    await writeFile(join(folder, "disk.raw"), Buffer.alloc(5 << 20, 1));
    for (const database of ["sqlite", "postgres"] as const) {
      for (const concurrency of [1, 8, 64]) {
        const name = `lifecycle_${concurrency}`;
        const url = database === "sqlite" ? `sqlite:${join(folder, `${name}.db`)}` : await postgres.database(name);
        await measure(url, join(folder, `${database}-${name}`), database, concurrency, join(folder, "disk.raw"), emit);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  url: string,
  stateDir: string,
  database: "sqlite" | "postgres",
  concurrency: number,
  image: string,
  emit: (line: BenchLine) => void,
): Promise<void> {
  await using cloud = await createCloud({
    database: url,
    stateDir,
    scheduler: filterScheduler(),
    images: imageStore({ backend: memoryBackend() }),
    hosts: fakeFleet({ hosts, memoryMib: 10_000_000, diskGib: 10_000_000, linkKbit: [1_000_000_000], bootMs: 1 }),
  });
  const album = await prepare(cloud, image);
  const total = creates[database] / (concurrency === 1 ? 8 : 1);
  const warm = Array.from({ length: 8 }, (_, index) => create(album, `warm-${index}`));
  await Promise.all(warm);

  const lateMs: number[] = [];
  let expectedMs = performance.now() + timerMs;
  const timer = setInterval(() => {
    lateMs.push(Math.max(0, performance.now() - expectedMs));
    expectedMs = performance.now() + timerMs;
  }, timerMs);
  const tookMs: number[] = [];
  let next = 0;
  const creator = async (): Promise<void> => {
    for (let index = next++; index < total; index = next++) {
      const startedMs = performance.now();
      await create(album, `web-${index}`);
      tookMs.push(performance.now() - startedMs);
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: concurrency }, creator));
  const seconds = (performance.now() - startedMs) / 1000;
  clearInterval(timer);
  const params = { database, concurrency };
  const line = (metric: string, value: number, unit: string, more = {}): void =>
    emit({ bench: "lifecycle", metric, params: { ...params, ...more }, value, unit });
  line("creates_per_s", Math.round(total / seconds), "1/s");
  line("create_p50_ms", percentile(tookMs, 0.5), "ms");
  line("create_p99_ms", percentile(tookMs, 0.99), "ms");
  line("loop_stall_ms", percentile(lateMs, 1), "ms");
  if (concurrency === 64) {
    for (const depth of ["first", "deep"] as const) line("page_ms", await pageMs(album, depth), "ms", { depth });
  }
}

const timerMs = 10;

async function prepare(cloud: Cloud, image: string): Promise<ActorCloud> {
  const ops = cloud.as({ userId: "bench", roles: ["operator"] });
  await ops.projects.create({ name: "album" });
  await ops.quotas.set("album", { servers: -1, vcpus: -1, milliEcu: -1, memoryMib: -1, externalKbit: -1 });
  await ops.flavors.create({ name: "tiny", vcpus: 1, milliEcuPerVcpu: 1, memoryMib: 16, systemDiskGib: 1 });
  const album = cloud.as({ userId: "amy", projectId: "album", roles: ["member"] });
  await (await album.images.import({ name: "base", path: image })).result();
  return album;
}

async function create(album: ActorCloud, name: string): Promise<void> {
  await (await album.servers.create({ name, flavor: "tiny", image: "base" })).result();
}

/** The median of some reads of one page of 100 servers. */
async function pageMs(album: ActorCloud, depth: "first" | "deep"): Promise<number> {
  const first = await album.servers.list({ limit: 100 }).page();
  let after: string | undefined;
  if (depth === "deep") {
    for (let page = first; page.next !== undefined;) {
      after = page.next;
      page = await album.servers.list({ limit: 100, after }).page();
      if (page.next === undefined) break;
    }
  }
  const tookMs: number[] = [];
  for (let count = 0; count < 21; count += 1) {
    const startedMs = performance.now();
    await album.servers.list({ limit: 100, ...(after === undefined ? {} : { after }) }).page();
    tookMs.push(performance.now() - startedMs);
  }
  return percentile(tookMs, 0.5);
}

const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 100) / 100;
};
