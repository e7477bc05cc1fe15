import type { Knex } from "knex";
import type { Tables } from "../tables.ts";

/** One step of the schema. It is never changed once released; the next one is another file. */
export interface Migration {
  readonly name: string;
  up(knex: Knex.Transaction, tables: Tables, concurrentWriters: boolean): Promise<void>;
}
