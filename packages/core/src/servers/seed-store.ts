import type { Database } from "../database/database.ts";
import { insertInto, statement } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import type { GuestSeed } from "../ports/guest.ts";

interface SeedRow {
  readonly hostname: string;
  readonly public_keys: string;
  readonly user_data: string | null;
}

/**
 * What servers are told at their first boot. Kept apart from their rows and their operations: nobody but the server's
 * host gets it.
 */
export class SeedStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insert(serverId: string, { hostname, publicKeys, userData = null }: Insertable): Statement {
    const row = { server_id: serverId, hostname, public_keys: JSON.stringify(publicKeys), user_data: userData };
    return insertInto(this.#database.tables.seeds, row);
  }

  /** That of a server that is gone. */
  delete(serverId: string): Statement {
    return statement(`DELETE FROM ${this.#database.tables.seeds} WHERE server_id = ?`, [serverId]);
  }

  async of(serverId: string): Promise<GuestSeed | undefined> {
    const { read, tables } = this.#database;
    const row = await this.#database.first<SeedRow>(read(tables.seeds).where({ server_id: serverId }));
    if (row === undefined) return undefined;
    return {
      hostname: row.hostname,
      publicKeys: JSON.parse(row.public_keys) as string[],
      ...(row.user_data === null ? {} : { userData: row.user_data }),
    };
  }
}

type Insertable = Omit<GuestSeed, "userData"> & { readonly userData?: string | null };

/** A server's name as its OS may have it: lowercase letters, digits and hyphens. */
export const hostnameOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
