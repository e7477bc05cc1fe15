import type { Database } from "../database/database.ts";
import { insertNew, removeOne } from "../database/script.ts";
import type { Script } from "../database/script.ts";
import type { Page } from "../names.ts";
import type { Flavor } from "./model.ts";

interface FlavorRow {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  readonly milli_ecu_per_vcpu: number;
  readonly memory_mib: number;
  readonly system_disk_gib: number;
  readonly ephemeral_disk_gib: number;
  readonly resources: string;
  readonly requires: string;
  readonly created_at_ms: number;
}

/** Flavors' rows. */
export class FlavorStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A new flavor. Gives `false` when its name is taken. */
  create(flavor: Flavor): Script<boolean> {
    return insertNew(this.#database.tables.flavors, {
      id: flavor.id,
      name: flavor.name,
      vcpus: flavor.vcpus,
      milli_ecu_per_vcpu: flavor.milliEcuPerVcpu,
      memory_mib: flavor.memoryMib,
      system_disk_gib: flavor.systemDiskGib,
      ephemeral_disk_gib: flavor.ephemeralDiskGib,
      resources: JSON.stringify(flavor.resources),
      requires: JSON.stringify(flavor.requires),
      created_at_ms: flavor.createdAtMs,
    });
  }

  /** Gives `false` when there is none. */
  delete(flavorId: string): Script<boolean> {
    return removeOne(this.#database.tables.flavors, flavorId);
  }

  async named(idOrName: string): Promise<Flavor | undefined> {
    const { read, tables } = this.#database;
    const row = await this.#database.first<FlavorRow>(
      read(tables.flavors).where({ id: idOrName }).orWhere({ name: idOrName }).orderByRaw("id = ? DESC", [idOrName]),
    );
    return row === undefined ? undefined : flavorOf(row);
  }

  async find(page: Page): Promise<readonly Flavor[]> {
    const { read, tables } = this.#database;
    const query = read(tables.flavors).orderBy("id").limit(page.limit);
    if (page.after !== undefined) void query.where("id", ">", page.after);
    return (await this.#database.all<FlavorRow>(query)).map(flavorOf);
  }
}

const flavorOf = (row: FlavorRow): Flavor => ({
  id: row.id,
  name: row.name,
  vcpus: row.vcpus,
  milliEcuPerVcpu: row.milli_ecu_per_vcpu,
  memoryMib: row.memory_mib,
  systemDiskGib: row.system_disk_gib,
  ephemeralDiskGib: row.ephemeral_disk_gib,
  resources: JSON.parse(row.resources) as Record<string, number>,
  requires: JSON.parse(row.requires) as Record<string, string>,
  createdAtMs: row.created_at_ms,
});
