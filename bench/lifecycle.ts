import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "../scripts/postgres.ts";
import { createServers, openAlbum } from "./album.ts";
import type { Emit } from "./bench-line.ts";
import { measurePages } from "./lifecycle-pages.ts";
import { percentile, round } from "./percentile.ts";
import { watchLoop } from "./watch-loop.ts";

/** A store that servers are created in. */
type DatabaseKind = "sqlite" | "postgres";

/** So many that the slowest of a hundred is not one of a handful. */
const creates = { sqlite: 1200, postgres: 800 };
const allConcurrencies = [1, 8, 64];

/**
 * Creates a second, end to end on fakes: from the typed call to the running guest, durable at every step; and what a
 * page of a list of 100,000 servers takes.
 * @param args any of `sqlite`, `postgres`, `1`, `8`, `64`, `pages`: only those; everything when none is given
 */
export default async function run(emit: Emit, args: readonly string[]): Promise<void> {
  const asked = new Set(args);
  const databases = (["sqlite", "postgres"] as const).filter((name) => asked.has(name) || !args.some(isDatabase));
  const measuresAll = args.every(isDatabase);
  const folder = await mkdtemp(join(tmpdir(), "cloudhost-bench-"));
  await using postgres = databases.includes("postgres") ? await startPostgres() : undefined;
  const urlOf = async (database: DatabaseKind, name: string): Promise<string> =>
    database === "sqlite" ? `sqlite:${join(folder, `${name}.db`)}` : ((await postgres?.database(name)) ?? "");
  try {
    const image = join(folder, "disk.raw");
    await writeFile(image, Buffer.alloc(5 << 20, 1));
    for (const database of databases) {
      for (const concurrency of allConcurrencies) {
        if (!measuresAll && !asked.has(String(concurrency))) continue;
        const url = await urlOf(database, `lifecycle_${concurrency}`);
        await measureCreates(
          { url, stateDir: join(folder, `${database}-${concurrency}`), database, concurrency, image },
          emit,
        );
      }
      if (!measuresAll && !asked.has("pages")) continue;
      await measurePages(
        await urlOf(database, "lifecycle_pages"),
        join(folder, `${database}-pages`),
        { database },
        emit,
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const isDatabase = (arg: string): boolean => arg === "sqlite" || arg === "postgres";

interface Creates {
  readonly url: string;
  readonly stateDir: string;
  readonly database: DatabaseKind;
  /** So many at once. */
  readonly concurrency: number;
  /** Path of the image that the servers boot. */
  readonly image: string;
}

async function measureCreates({ url, stateDir, database, concurrency, image }: Creates, emit: Emit): Promise<void> {
  await using album = await openAlbum({ database: url, stateDir, image });
  const total = creates[database] / (concurrency === 1 ? 2 : 1);
  using loop = watchLoop();
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const tookMs = await createServers(album.project, total, concurrency);
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  const params = { database, concurrency };
  const line = (metric: string, value: number, unit: string): void =>
    emit({ bench: "lifecycle", metric, params, value: round(value), unit });
  line("creates_per_s", total / seconds, "1/s");
  line("create_p50_ms", percentile(tookMs, 0.5), "ms");
  line("create_p99_ms", percentile(tookMs, 0.99), "ms");
  // All threads of the process: on a machine that others load, this says more than the time that passed.
  line("create_cpu_ms", (user + system) / 1000 / total, "ms");
  line("loop_stall_ms", loop.longestMs(), "ms");
}
