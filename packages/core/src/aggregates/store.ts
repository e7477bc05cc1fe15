import type { Database } from "../database/database.ts";
import { PageQuery } from "../database/page-query.ts";
import { keptThere, lockRow } from "../database/row-locks.ts";
import { guarded, insertNew, script, statement } from "../database/script.ts";
import type { Script } from "../database/script.ts";
import type { NameFilter } from "../lists/filters.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import type { HostView } from "../ports/scheduler.ts";
import type { Aggregate, HostProperties } from "./model.ts";

interface AggregateRow {
  readonly id: string;
  readonly name: string;
  readonly properties: string;
  readonly created_at_ms: number;
}

/** Properties of hosts, by host id, each with every value that an aggregate of the host gives it. */
export type PropertiesByHost = ReadonlyMap<string, HostView["properties"]>;

/** Which aggregates to find. */
export interface FindAggregates extends NameFilter {
  readonly hostId?: string | undefined;
}

const sorts = {
  createdAt: { column: "created_at_ms", type: "integer" },
  name: { column: "name", type: "text" },
} as const;

/** Aggregates' rows, and which hosts are in them. */
export class AggregateStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A new aggregate. Gives `false` when its name is taken. */
  create({ id, name, properties, createdAtMs }: Omit<Aggregate, "hosts">): Script<boolean> {
    const row = { id, name, properties: JSON.stringify(properties), created_at_ms: createdAtMs };
    return insertNew(this.#database.tables.aggregates, row);
  }

  /** Guard `aggregate` when it is gone. */
  setProperties(aggregateId: string, properties: HostProperties): Script {
    const sql = `UPDATE ${this.#database.tables.aggregates} SET properties = ? WHERE id = ?`;
    return script(guarded("aggregate", sql, [JSON.stringify(properties), aggregateId]));
  }

  /** Guard `aggregate` when it, or the host, is gone. A host that is in it already stays in it. */
  addHost(aggregateId: string, hostId: string): Script {
    const { aggregates, aggregate_hosts: members, hosts } = this.#database.tables;
    // The host's row is held, so that it is not deleted meanwhile.
    const both = `SELECT a.id FROM ${aggregates} a, ${hosts} h WHERE a.id = ? AND h.id = ?${keptThere(this.#database)}`;
    const insert = `INSERT INTO ${members} (aggregate_id, host_id) VALUES (?, ?) ON CONFLICT DO NOTHING`;
    return script(guarded("aggregate", both, [aggregateId, hostId]), statement(insert, [aggregateId, hostId]));
  }

  removeHost(aggregateId: string, hostId: string): Script {
    const sql = `DELETE FROM ${this.#database.tables.aggregate_hosts} WHERE aggregate_id = ? AND host_id = ?`;
    return script(statement(sql, [aggregateId, hostId]));
  }

  delete(aggregateId: string): Script {
    const { aggregates, aggregate_hosts: members } = this.#database.tables;
    return script(
      ...lockRow(this.#database, aggregates, aggregateId),
      statement(`DELETE FROM ${members} WHERE aggregate_id = ?`, [aggregateId]),
      statement(`DELETE FROM ${aggregates} WHERE id = ?`, [aggregateId]),
    );
  }

  async named(idOrName: string): Promise<Aggregate | undefined> {
    const query = this.#rows()
      .where({ id: idOrName })
      .orWhere({ name: idOrName })
      .orderByRaw("id = ? DESC", [idOrName]);
    const row = await this.#database.first<AggregateRow>(query);
    return row === undefined ? undefined : (await this.#withHosts([row]))[0];
  }

  async find(where: FindAggregates, part: SliceRequest<keyof typeof sorts>): Promise<Slice<Aggregate>> {
    const { aggregates, aggregate_hosts: members } = this.#database.tables;
    const select = `SELECT * FROM ${aggregates}`;
    const query = new PageQuery<AggregateRow, keyof typeof sorts>({ select, sorts, id: "id" })
      .equal("name", where.name)
      .begins("name", where.namePrefix);
    if (where.hostId !== undefined) {
      query.where(`id IN (SELECT aggregate_id FROM ${members} WHERE host_id = ?)`, where.hostId);
    }
    const { items, next } = await query.read(this.#database, part);
    return { items: await this.#withHosts(items), next };
  }

  /** What the aggregates say of each host, for the scheduler's view. */
  async properties(): Promise<PropertiesByHost> {
    const { read, tables } = this.#database;
    const rows = await this.#database.all<{ host_id: string; properties: string }>(
      read({ m: tables.aggregate_hosts })
        .join({ a: tables.aggregates }, "a.id", "m.aggregate_id")
        .orderBy("a.id")
        .select("m.host_id", "a.properties"),
    );
    const found = new Map<string, Record<string, string[]>>();
    for (const row of rows) {
      const mine = found.get(row.host_id) ?? {};
      for (const [name, value] of Object.entries(JSON.parse(row.properties) as HostProperties)) {
        mine[name] = [...(mine[name] ?? []), value];
      }
      found.set(row.host_id, mine);
    }
    return found;
  }

  async #withHosts(rows: readonly AggregateRow[]): Promise<Aggregate[]> {
    const { read, tables } = this.#database;
    const members = await this.#database.all<{ aggregate_id: string; name: string }>(
      read({ m: tables.aggregate_hosts })
        .join({ h: tables.hosts }, "h.id", "m.host_id")
        .whereIn(
          "m.aggregate_id",
          rows.map(({ id }) => id),
        )
        .orderBy("h.name")
        .select("m.aggregate_id", "h.name"),
    );
    const byAggregate = Map.groupBy(members, ({ aggregate_id }) => aggregate_id);
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      properties: JSON.parse(row.properties) as HostProperties,
      hosts: byAggregate.get(row.id)?.map(({ name }) => name) ?? [],
      createdAtMs: row.created_at_ms,
    }));
  }

  #rows() {
    return this.#database.read(this.#database.tables.aggregates);
  }
}
