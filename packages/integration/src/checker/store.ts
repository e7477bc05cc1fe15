import knex from "knex";
import type { Knex } from "knex";

/** A row as either database gives it; what may be null is compared with null. */
export type Row = Readonly<Record<string, string | number>>;

/** All that the checker compares, table by table. */
export interface Facts {
  readonly servers: readonly Row[];
  readonly operations: readonly Row[];
  readonly allocations: readonly Row[];
  readonly dataDisks: readonly Row[];
  readonly bindings: readonly Row[];
  readonly addresses: readonly Row[];
  readonly groups: readonly Row[];
  readonly members: readonly Row[];
  readonly hosts: readonly Row[];
  readonly quotas: readonly Row[];
  readonly images: readonly Row[];
  readonly tags: readonly Row[];
  readonly imageTags: readonly Row[];
  readonly evacuations: readonly Row[];
  readonly shelvedImages: readonly Row[];
  readonly shelvedLayers: readonly Row[];
}

/** An open database of a cloud. */
export interface Store extends AsyncDisposable {
  readonly knex: Knex;
  /** Everything that the checker compares. */
  read(): Promise<Facts>;
}

/** A cloud's database, read with a connection of the checker's own: not through the code that it checks. */
export async function openStore(database: string): Promise<Store> {
  const file = /^sqlite:([^?]+)/.exec(database)?.[1];
  const connection =
    file === undefined
      ? knex({ client: "pg", connection: database })
      : knex({ client: "better-sqlite3", connection: { filename: file }, useNullAsDefault: true });
  const all = async (table: string): Promise<readonly Row[]> => (await connection(table).select()) as Row[];
  return {
    knex: connection,
    async read() {
      return {
        servers: await all("servers"),
        operations: await all("operations"),
        allocations: await all("allocations"),
        dataDisks: await all("data_disks"),
        bindings: await all("bindings"),
        addresses: (await connection("addresses").whereNotNull("nic_id").select()) as Row[],
        groups: await all("server_groups"),
        members: await all("group_members"),
        hosts: await all("hosts"),
        quotas: await all("quotas"),
        images: await all("images"),
        tags: await all("server_tags"),
        imageTags: await all("image_tags"),
        evacuations: await all("evacuations"),
        shelvedImages: await all("shelved_images"),
        shelvedLayers: await all("shelved_layers"),
      };
    },
    [Symbol.asyncDispose]: () => connection.destroy(),
  };
}
