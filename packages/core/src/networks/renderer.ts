import type { Database } from "../database/database.ts";
import { macAddress, tapName } from "../ids.ts";
import { addressText, networkRange } from "./ipv4.ts";
import type { HostInventory } from "../ports/host.ts";
import type { Bandwidth, NetworkChange } from "../ports/network-driver.ts";

interface BindingRow {
  readonly id: string;
  readonly server_id: string;
  readonly project_id: string;
  readonly host_id: string;
  readonly address: number;
  readonly class_id: number;
  readonly tenant: number;
  readonly cidr: string;
  readonly internal_rate_kbit: number;
  readonly internal_ceil_kbit: number;
  readonly external_rate_kbit: number;
  readonly external_ceil_kbit: number;
  /** How many interfaces share what the server bought; PostgreSQL counts in texts. */
  readonly sharers: number | string;
}

/** A binding that was wanted or unwanted, and what it is now: nothing when it is unwanted. */
type TouchedRow = { readonly nic_id: string; readonly was_at: number } & (
  | BindingRow
  | { readonly [Column in keyof BindingRow]: null }
);

/** What a rendering was of: enough to render what has changed since. */
export interface RenderedBase {
  /** It is at least of this. */
  readonly revision: number;
  /** The projects that have servers on the host. */
  readonly projectIds: ReadonlySet<string>;
  /** The host's own bindings. */
  readonly nicIds: ReadonlySet<string>;
}

/** A host's desired network, as the changes that lead to it. */
export interface RenderedNetwork extends RenderedBase {
  readonly changes: readonly NetworkChange[];
}

/** Renders what a host's network shall be, from the store alone. */
export class NetworkRenderer {
  readonly #database: Database;
  readonly #bindingColumns: string;
  readonly #bindingJoins: string;

  constructor(database: Database) {
    this.#database = database;
    const { bindings, networks, projects, servers } = database.tables;
    this.#bindingColumns =
      `(SELECT COUNT(*) FROM ${bindings} o WHERE o.server_id = b.server_id AND o.wanted) AS sharers, ` +
      "b.id, b.server_id, b.project_id, b.host_id, b.address, b.class_id, p.tenant, n.cidr, s.internal_rate_kbit, s.internal_ceil_kbit, s.external_rate_kbit, s.external_ceil_kbit";
    this.#bindingJoins = `LEFT JOIN ${projects} p ON p.id = b.project_id LEFT JOIN ${networks} n ON n.id = b.network_id LEFT JOIN ${servers} s ON s.id = b.server_id`;
  }

  /** All of it: the changes make it from nothing. */
  async whole(hostId: string): Promise<RenderedNetwork> {
    // The revision first: what is read after it is at least as new.
    const { revision } = await this.#revisions(hostId);
    const projectIds = await this.#projectsOn(hostId);
    const rows = await this.#bindingsOf(projectIds);
    const mine = rows.filter((row) => row.host_id === hostId);
    const changes = [...mine.map(bindingChange), ...(await this.#members(hostId, rows))];
    return { revision, projectIds: new Set(projectIds), nicIds: new Set(mine.map(({ id }) => id)), changes };
  }

  /**
   * What leads to it from an earlier rendering: what was touched since, the whole of projects that are new on the host,
   * and the end of those that left it. It costs what has changed, not what there is.
   * @returns `undefined` when the log does not reach back so far
   */
  async since(hostId: string, base: RenderedBase): Promise<RenderedNetwork | undefined> {
    const { revision, oldest } = await this.#revisions(hostId);
    if (base.revision < oldest) return undefined;
    // In this order: what of a project that left is unwanted after it was read as leaving was read as such, and what was
    // unwanted before is in the log that is read behind it.
    const projectIds = new Set(await this.#projectsOn(hostId));
    const leaving = await this.#bindingsOf([...base.projectIds].filter((id) => !projectIds.has(id)));
    const [arrived, touched] = await Promise.all([
      this.#bindingsOf([...projectIds].filter((id) => !base.projectIds.has(id))),
      this.#touched(base),
    ]);
    const present = touched.flatMap((row) => (row.id !== null && projectIds.has(row.project_id) ? [row] : []));
    const there = new Set(present.map(({ id }) => id));
    const wanted = [...present, ...arrived];
    const mine = wanted.filter((row) => row.host_id === hostId);

    const goneNics = [...touched.map(({ nic_id: id }) => id), ...leaving.map(({ id }) => id)];
    const stay = new Set(mine.map(({ id }) => id));
    const lost = new Set(goneNics.filter((id) => base.nicIds.has(id) && !stay.has(id)));
    const addresses = new Set([
      ...touched.filter(({ nic_id: id }) => !there.has(id)).map(({ was_at: address }) => address),
      ...leaving.map(({ address }) => address),
    ]);
    const changes: NetworkChange[] = [
      // What goes first: another may have its address by now.
      ...[...lost].map((nicId) => ({ kind: "noBinding", nicId }) as const),
      ...[...addresses].map((address) => ({ kind: "noMember", address: addressText(address) }) as const),
      ...mine.map(bindingChange),
      ...(await this.#members(hostId, wanted)),
    ];
    const nicIds = new Set([...base.nicIds, ...stay].filter((id) => !lost.has(id)));
    return { revision, projectIds, nicIds, changes };
  }

  /** By which address each host is reached by the others, as JSON: when it changes, whole networks do. */
  async addressesOfHosts(): Promise<string> {
    const known = await this.#internalAddresses();
    return JSON.stringify([...known].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The host's newest revision, and the oldest of the log: what came after that is all there. */
  async #revisions(hostId: string): Promise<{ readonly revision: number; readonly oldest: number }> {
    const { hosts, network_log: log } = this.#database.tables;
    const [row] = await this.#database.select<{ revision: number; oldest: number }>(
      `SELECT network_revision AS revision, (SELECT MIN(revision) FROM ${log}) AS oldest FROM ${hosts} WHERE id = ?`,
      [hostId],
    );
    return row ?? { revision: 0, oldest: 0 };
  }

  async #projectsOn(hostId: string): Promise<readonly string[]> {
    const rows = await this.#database.select<{ project_id: string }>(
      `SELECT DISTINCT project_id FROM ${this.#database.tables.bindings} WHERE host_id = ? AND wanted`,
      [hostId],
    );
    return rows.map(({ project_id: id }) => id);
  }

  /** Every binding of the base's projects that was wanted or unwanted since, once, as it is now. */
  async #touched({ revision, projectIds }: RenderedBase): Promise<readonly TouchedRow[]> {
    if (projectIds.size === 0) return [];
    const { bindings, network_log: log } = this.#database.tables;
    return this.#database.select<TouchedRow>(
      `SELECT l.nic_id, l.address AS was_at, ${this.#bindingColumns} FROM (SELECT DISTINCT nic_id, address FROM ${log} WHERE revision > ? AND project_id IN (${marks(projectIds)})) l LEFT JOIN ${bindings} b ON b.id = l.nic_id AND b.wanted ${this.#bindingJoins} ORDER BY l.nic_id`,
      [revision, ...projectIds],
    );
  }

  async #bindingsOf(projectIds: readonly string[]): Promise<readonly BindingRow[]> {
    if (projectIds.length === 0) return [];
    const { bindings } = this.#database.tables;
    return this.#database.select<BindingRow>(
      `SELECT ${this.#bindingColumns} FROM ${bindings} b ${this.#bindingJoins} WHERE b.wanted AND b.project_id IN (${marks(projectIds)}) ORDER BY b.id`,
      [...projectIds],
    );
  }

  async #members(hostId: string, rows: readonly BindingRow[]): Promise<readonly NetworkChange[]> {
    const others = new Set(rows.map((row) => row.host_id).filter((id) => id !== hostId));
    const via = others.size === 0 ? new Map<string, string>() : await this.#internalAddresses([...others]);
    return rows.map((row) => memberChange(row, via.get(row.host_id) ?? null));
  }

  /** By which address hosts reach each host's guests, as it reported it, whichever process runs it. */
  async #internalAddresses(hostIds?: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const which = hostIds === undefined ? "" : ` WHERE id IN (${marks(hostIds)})`;
    const rows = await this.#database.select<{ id: string; inventory: string | null }>(
      `SELECT id, inventory FROM ${this.#database.tables.hosts}${which}`,
      hostIds ?? [],
    );
    const known = rows.flatMap(({ id, inventory }): [string, string][] => {
      const address = inventory === null ? undefined : (JSON.parse(inventory) as HostInventory).internalAddress;
      return address === undefined ? [] : [[id, address]];
    });
    return new Map(known);
  }
}

const marks = (values: Iterable<unknown>): string => Array.from(values, () => "?").join(", ");

const memberChange = (row: BindingRow, via: string | null): NetworkChange => ({
  kind: "member",
  member: { address: addressText(row.address), tenant: row.tenant, via },
});

/** An equal part of what a server bought: all its interfaces together never have more. */
const shareOf = (rateKbit: number, ceilKbit: number, { sharers }: BindingRow): Bandwidth => ({
  rateKbit: Math.max(1, Math.floor(rateKbit / Number(sharers))),
  ceilKbit: Math.max(1, Math.floor(ceilKbit / Number(sharers))),
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
      internal: shareOf(row.internal_rate_kbit, row.internal_ceil_kbit, row),
      external: row.external_rate_kbit === 0 ? null : shareOf(row.external_rate_kbit, row.external_ceil_kbit, row),
    },
  };
}
