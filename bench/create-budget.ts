import { readFileSync, readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tokens } from "@cloudhost/core";
import { Container } from "inversify";
import { startPostgres } from "../scripts/postgres.ts";
import { createServers, openAlbum } from "./album.ts";
import type { Emit } from "./bench-line.ts";
import { round } from "./percentile.ts";

const creates = { sqlite: 640, postgres: 320 };

/** How often each thing was done. */
class Tally {
  readonly counts = new Map<string, number>();

  add(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }
}

/**
 * What one create costs: transactions, statements, reads, bus messages, and the processor's time by thread. On standard
 * error, what those were.
 * @param args `postgres`, and how many at once; SQLite and 64 without
 */
export default async function run(emit: Emit, args: readonly string[]): Promise<void> {
  const database = args.includes("postgres") ? "postgres" : "sqlite";
  const atOnce = Number(args.find((arg) => /^\d+$/.test(arg)) ?? 64);
  const folder = await mkdtemp(join(tmpdir(), "cloudhost-bench-"));
  await using postgres = database === "postgres" ? await startPostgres() : undefined;
  try {
    const image = join(folder, "disk.raw");
    await writeFile(image, Buffer.alloc(5 << 20, 1));
    const url = (await postgres?.database("budget")) ?? `sqlite:${join(folder, "budget.db")}`;
    const container = new Container();
    await using album = await openAlbum({ database: url, stateDir: join(folder, "state"), container, image });
    const total = creates[database];
    const [sums, details] = [new Tally(), new Tally()];
    watchDatabase(container, sums, details);
    watchBus(container, sums, details);
    const before = threadTimesMs();
    await createServers(album.project, total, atOnce);
    for (const [thread, ms] of threadTimesMs()) sums.add(`cpu_ms ${thread}`, ms - (before.get(thread) ?? 0));
    const params = { database, concurrency: atOnce };
    for (const [what, count] of sums.counts) {
      const [metric = "", thread] = what.split(" ");
      const by = thread === undefined ? {} : { thread };
      const unit = thread === undefined ? "1/create" : "ms/create";
      emit({ bench: "create-budget", metric, params: { ...params, ...by }, value: round(count / total), unit });
    }
    for (const [what, count] of [...details.counts].toSorted(([, a], [, b]) => b - a)) {
      if (count >= total / 20) process.stderr.write(`${(count / total).toFixed(2).padStart(7)}  ${what}\n`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function watchDatabase(container: Container, sums: Tally, details: Tally): void {
  const database = container.get(tokens.database);
  const [commit, select] = [database.run.bind(database), database.select.bind(database)];
  database.run = (script) => {
    sums.add("scripts");
    sums.add("statements", script.statements.length);
    details.add(`script of ${script.statements.length}: ${script.statements.map(({ sql }) => short(sql)).join("; ")}`);
    return commit(script);
  };
  database.select = (sql, bindings) => {
    sums.add("reads");
    details.add(`read ${short(sql)}`);
    return select(sql, bindings);
  };
}

function watchBus(container: Container, sums: Tally, details: Tally): void {
  const bus = container.get(tokens.bus);
  const [send, status] = [bus.send.bind(bus), bus.status.bind(bus)];
  bus.send = (host, command) => {
    sums.add("commands");
    details.add(`command ${command.kind}`);
    return send(host, command);
  };
  bus.status = (host, commandId) => {
    sums.add("statuses");
    return status(host, commandId);
  };
  bus.reports().subscribe((report) => {
    sums.add("reports");
    details.add(`report ${report.kind}`);
  });
}

const short = (sql: string): string => sql.replace(/\s+/g, " ").slice(0, 56);

/** Processor time of this process's threads by their names, where the system tells: Linux. */
function threadTimesMs(): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  let tasks: string[] = [];
  try {
    tasks = readdirSync("/proc/self/task");
  } catch {
    return times;
  }
  for (const task of tasks) {
    const stat = readFileSync(`/proc/self/task/${task}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    // User and system time, in ticks of 10 ms.
    times.set(name, (times.get(name) ?? 0) + 10 * (Number(fields[11]) + Number(fields[12])));
  }
  return times;
}
