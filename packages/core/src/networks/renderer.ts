import type { Database } from "../database/database.ts";
import { macAddress, tapName } from "../ids.ts";
import { addressText, networkRange } from "./ipv4.ts";
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
  readonly #internalAddress: (hostId: string) => string | undefined;

  /** @param internalAddress by which other hosts reach a host's guests, as it reported it */
  constructor(database: Database, internalAddress: (hostId: string) => string | undefined) {
    this.#database = database;
    this.#internalAddress = internalAddress;
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
    return {
      revision: host?.network_revision ?? 0,
      changes: [...mine.map(bindingChange), ...members.map((member) => this.#memberChange(member, hostId))],
    };
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

  #memberChange(row: BindingRow, hostId: string): NetworkChange {
    const via = row.host_id === hostId ? null : (this.#internalAddress(row.host_id) ?? null);
    return { kind: "member", member: { address: addressText(row.address), tenant: row.tenant, via } };
  }
}

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
