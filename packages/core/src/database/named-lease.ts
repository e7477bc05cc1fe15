import type { Database } from "./database.ts";
import { script, statement } from "./script.ts";

/** Work that one process does at a time, by its name; another takes over when this one is not heard of. */
export class NamedLease {
  readonly #database: Database;
  readonly #name: string;
  readonly #owner: string;
  readonly #leaseMs: number;

  /**
   * @param owner this process, by an id that no other has
   * @param leaseMs how long it stays this process's without a word
   */
  constructor(database: Database, name: string, owner: string, leaseMs: number) {
    this.#database = database;
    this.#name = name;
    this.#owner = owner;
    this.#leaseMs = leaseMs;
  }

  /** Takes it, or renews it. Gives `false` while another process has it. */
  take(): Promise<boolean> {
    const { tables } = this.#database;
    const now = this.#database.leaseNow();
    return this.#database.run({
      statements: [
        statement(
          `INSERT INTO ${tables.leases} (name, owner, lease_until_ms) VALUES (?, ?, ${now} + ${this.#leaseMs}) ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, lease_until_ms = excluded.lease_until_ms WHERE ${tables.leases}.owner = excluded.owner OR ${tables.leases}.lease_until_ms < ${now} RETURNING name`,
          [this.#name, this.#owner],
        ),
      ],
      result: ([rows]) => (rows?.length ?? 0) > 0,
    });
  }

  /** Gives it back, so that nobody waits for it to run out. */
  async release(): Promise<void> {
    const { leases } = this.#database.tables;
    await this.#database.run(
      script(statement(`DELETE FROM ${leases} WHERE name = ? AND owner = ?`, [this.#name, this.#owner])),
    );
  }
}
