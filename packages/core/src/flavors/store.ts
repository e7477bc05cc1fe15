import type { Database } from "../database/database.ts";
import { PageQuery } from "../database/page-query.ts";
import { insertNew, removeOne } from "../database/script.ts";
import type { Script } from "../database/script.ts";
import type { NameFilter } from "../lists/filters.ts";
import { sliceOf } from "../lists/slice.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
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

const sorts = {
  createdAt: { column: "created_at_ms", type: "integer" },
  name: { column: "name", type: "text" },
  vcpus: { column: "vcpus", type: "integer" },
  memoryMib: { column: "memory_mib", type: "integer" },
} as const;

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

  async find({ name, namePrefix }: NameFilter, part: SliceRequest<keyof typeof sorts>): Promise<Slice<Flavor>> {
    const select = `SELECT * FROM ${this.#database.tables.flavors}`;
    const query = new PageQuery<FlavorRow, keyof typeof sorts>({ select, sorts, id: "id" });
    return sliceOf(await query.equal("name", name).begins("name", namePrefix).read(this.#database, part), flavorOf);
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
