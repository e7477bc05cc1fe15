import type { Database } from "../database/database.ts";
import { macAddress, tapName } from "../ids.ts";
import { addressText, networkRange } from "./ipv4.ts";
import type { HostInventory } from "../ports/host.ts";
import type { NetworkChange } from "../ports/network-driver.ts";

interface BindingRow {
  readonly id: string;
  readonly server_id: string;
  readonly host_id: string;
  readonly address: number;
  readonly class_id: number;
  readonly tenant: number;
  readonly cidr: string;
  readonly internal_rate_kbit: number;
  readonly internal_ceil_kbit: number;
  readonly external_rate_kbit: number;
  readonly external_ceil_kbit: number;
}

/** A host's desired network as the changes that make it from nothing, and the revision it is at least of. */
export interface RenderedNetwork {
  readonly revision: number;
  readonly changes: readonly NetworkChange[];
}

/** Renders what a host's network shall be, from the store alone. */
export class NetworkRenderer {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async render(hostId: string): Promise<RenderedNetwork> {
    const { read, tables } = this.#database;
    // The revision first: what is read after it is at least as new.
    const host = await this.#database.first<{ network_revision: number }>(
      read(tables.hosts).where({ id: hostId }).select("network_revision"),
    );
    const mine = await this.#database.all<BindingRow>(this.#bindings().where("b.host_id", hostId));
    const tenants = [...new Set(mine.map(({ tenant }) => tenant))];
    const members = await this.#database.all<BindingRow>(this.#bindings().whereIn("p.tenant", tenants));
    const others = [...new Set(members.map((member) => member.host_id))].filter((id) => id !== hostId);
    const via = await this.#internalAddresses(others);
    const changes = members.map((member) => memberChange(member, via.get(member.host_id) ?? null));
    return { revision: host?.network_revision ?? 0, changes: [...mine.map(bindingChange), ...changes] };
  }

  /** By which other hosts reach each host's guests, as it reported it, whichever process runs it. */
  async #internalAddresses(hostIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (hostIds.length === 0) return new Map();
    const { read, tables } = this.#database;
    const rows = await this.#database.all<{ id: string; inventory: string | null }>(
      read(tables.hosts)
        .whereIn("id", [...hostIds])
        .select("id", "inventory"),
    );
    const known = rows.flatMap(({ id, inventory }): [string, string][] => {
      const address = inventory === null ? undefined : (JSON.parse(inventory) as HostInventory).internalAddress;
      return address === undefined ? [] : [[id, address]];
    });
    return new Map(known);
  }

  #bindings() {
    const { read, tables } = this.#database;
    return read({ b: tables.bindings })
      .join({ p: tables.projects }, "p.id", "b.project_id")
      .join({ n: tables.networks }, "n.id", "b.network_id")
      .join({ s: tables.servers }, "s.id", "b.server_id")
      .whereRaw("b.wanted")
      .orderBy("b.id")
      .select("b.*", "p.tenant", "n.cidr")
      .select("s.internal_rate_kbit", "s.internal_ceil_kbit", "s.external_rate_kbit", "s.external_ceil_kbit");
  }
}

const memberChange = (row: BindingRow, via: string | null): NetworkChange => ({
  kind: "member",
  member: { address: addressText(row.address), tenant: row.tenant, via },
});

function bindingChange(row: BindingRow): NetworkChange {
  const { prefixLength, gateway } = networkRange(row.cidr);
  return {
    kind: "binding",
    binding: {
      id: row.id,
      serverId: row.server_id,
      tap: tapName(row.id),
      mac: macAddress(row.id),
      address: addressText(row.address),
      prefixLength,
      gateway,
      tenant: row.tenant,
      classId: row.class_id,
      internal: { rateKbit: row.internal_rate_kbit, ceilKbit: row.internal_ceil_kbit },
      external:
        row.external_rate_kbit === 0 ? null : { rateKbit: row.external_rate_kbit, ceilKbit: row.external_ceil_kbit },
    },
  };
}
