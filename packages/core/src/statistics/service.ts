import type { Caller } from "../access/caller.ts";
import { builtInColumns } from "../database/columns.ts";
import type { Database } from "../database/database.ts";
import { parseInput } from "../parse.ts";
import type { Clock } from "../ports/clock.ts";
import { builtInResources } from "../ports/host.ts";
import { StatisticsOf } from "./model.ts";
import type { Statistics } from "./model.ts";

/** What {@link OperationsView} needs. */
export interface StatisticsDependencies {
  readonly database: Database;
  readonly clock: Clock;
}

/** The operations view: totals of the whole cloud, of a zone or of a host. */
export class OperationsView {
  readonly #caller: Caller;
  readonly #dependencies: StatisticsDependencies;

  constructor(caller: Caller, dependencies: StatisticsDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /** What there is, what is claimed and what is left, now, in base units: total is always used plus available. */
  async now(of: StatisticsOf = {}): Promise<Statistics> {
    await this.#caller.may("statistics.now");
    const { zone, host } = parseInput(StatisticsOf, of, "a part of the cloud");
    const { database, clock } = this.#dependencies;
    const { read, tables } = database;
    const where = { ...(zone === undefined ? {} : { zone }), ...(host === undefined ? {} : { name: host }) };
    const sums = builtInColumns.flatMap((column) => [
      read.raw("COALESCE(SUM(??), 0) AS ??", [`${column}_total`, `${column}_total`]),
      read.raw("COALESCE(SUM(??), 0) AS ??", [`${column}_used`, `${column}_used`]),
    ]);
    const hosts = read(tables.hosts).where(where).select("id");
    const [built, declared, claimed] = await Promise.all([
      database.first<Record<string, number>>(read(tables.hosts).where(where).select(sums)),
      database.all<{ name: string; total: number; used: number }>(
        read(tables.host_resources)
          .whereIn("host_id", hosts.clone())
          .groupBy("name")
          .select("name")
          .sum({ total: "total", used: "used" }),
      ),
      database.first<{ servers: number; vcpus: number }>(
        read(tables.allocations)
          .whereIn("host_id", hosts.clone())
          .select(read.raw("COUNT(*) AS servers"), read.raw("COALESCE(SUM(vcpus), 0) AS vcpus")),
      ),
    ]);
    return {
      atMs: clock.nowMs(),
      servers: claimed?.servers ?? 0,
      vcpus: claimed?.vcpus ?? 0,
      resources: Object.fromEntries([
        ...builtInResources.map((name, index) => {
          const column = builtInColumns[index] ?? "";
          return [name, capacity(built?.[`${column}_total`] ?? 0, built?.[`${column}_used`] ?? 0)];
        }),
        ...declared.map(({ name, total, used }) => [name, capacity(total, used)]),
      ]) as Statistics["resources"],
    };
  }
}

const capacity = (total: number, used: number) => ({ total, used, available: total - used });
