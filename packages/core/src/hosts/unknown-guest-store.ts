import type { Database } from "../database/database.ts";
import { guarded, insertInto, statement } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import { PageQuery } from "../database/page-query.ts";
import { sliceOf } from "../lists/slice.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import type { UnknownGuest } from "./model.ts";

/** A guest that no server is known for, as its host tells of it. */
export type ToldGuest = Omit<UnknownGuest, "host" | "firstSeenAtMs">;

interface UnknownGuestRow {
  readonly id: string;
  readonly name: string;
  readonly power: UnknownGuest["power"];
  readonly definition: string | null;
  readonly obstacles: string;
}

interface ListedRow extends UnknownGuestRow {
  readonly host_name: string;
  readonly first_seen_at_ms: number;
}

/** Rows of guests that no server is known for. */
export class UnknownGuestStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A new one: guard `known` when it is there already. */
  insert(hostId: string, guest: ToldGuest, nowMs: number): Statement {
    const place = { place: placeOf(hostId, guest.id), host_id: hostId, id: guest.id };
    const row = { ...place, ...columnsOf(guest), first_seen_at_ms: nowMs };
    const { sql, bindings } = insertInto(this.#database.tables.unknown_guests, row);
    return guarded("known", `${sql} ON CONFLICT DO NOTHING`, bindings);
  }

  /** It is otherwise than before. */
  update(hostId: string, guest: ToldGuest): Statement {
    const columns = columnsOf(guest);
    const sets = Object.keys(columns).map((column) => `${column} = ?`);
    return statement(`UPDATE ${this.#database.tables.unknown_guests} SET ${sets.join(", ")} WHERE place = ?`, [
      ...Object.values(columns),
      placeOf(hostId, guest.id),
    ]);
  }

  /** It is there no more, or has a server. */
  delete(hostId: string, id: string): Statement {
    return statement(`DELETE FROM ${this.#database.tables.unknown_guests} WHERE place = ?`, [placeOf(hostId, id)]);
  }

  /** All those of a host. */
  async on(hostId: string): Promise<ToldGuest[]> {
    const { read, tables } = this.#database;
    const rows = await this.#database.all<UnknownGuestRow>(read(tables.unknown_guests).where({ host_id: hostId }));
    return rows.map(toldGuestOf);
  }

  async find(
    where: { readonly hostId: string | undefined },
    part: SliceRequest<keyof typeof sorts>,
  ): Promise<Slice<UnknownGuest>> {
    const { hosts, unknown_guests: guests } = this.#database.tables;
    const select = `SELECT u.*, h.name AS host_name FROM ${guests} u JOIN ${hosts} h ON h.id = u.host_id`;
    const query = new PageQuery<ListedRow, keyof typeof sorts>({ select, sorts, id: "u.place" });
    const slice = await query.equal("u.host_id", where.hostId).read(this.#database, part);
    return sliceOf(slice, (row) => {
      return { ...toldGuestOf(row), host: row.host_name, firstSeenAtMs: row.first_seen_at_ms };
    });
  }
}

const sorts = { firstSeenAt: { column: "u.first_seen_at_ms", type: "integer" } } as const;

/** Tells rows of all hosts apart. */
const placeOf = (hostId: string, id: string): string => `${hostId}/${id}`;

const columnsOf = ({ name, power, definition, obstacles }: ToldGuest) => ({
  name,
  power,
  definition: definition === null ? null : JSON.stringify(definition),
  obstacles: JSON.stringify(obstacles),
});

const toldGuestOf = (row: UnknownGuestRow): ToldGuest => ({
  id: row.id,
  name: row.name,
  power: row.power,
  definition: row.definition === null ? null : (JSON.parse(row.definition) as UnknownGuest["definition"]),
  obstacles: JSON.parse(row.obstacles) as UnknownGuest["obstacles"],
});
