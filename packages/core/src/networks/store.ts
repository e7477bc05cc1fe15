import type { Database } from "../database/database.ts";
import { lockInOrder } from "../database/row-locks.ts";
import { guarded, script, statement } from "../database/script.ts";
import type { Script, Statement } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { Ids } from "../ids.ts";
import { macAddress, tapName } from "../ids.ts";
import type { GuestNic } from "../ports/guest.ts";
import type { FixedNetwork } from "./model.ts";
import { addressText, networkRange } from "./ipv4.ts";

/** A network's row. */
export interface NetworkRow {
  readonly id: string;
  readonly name: string;
  readonly cidr: string;
}

/** So far back the log of changes reaches. */
const loggedRevisions = 100_000;

/** How many addresses are added to the pool at a time. */
const poolBlock = 1024;

/** Networks, the pools of their addresses, and which server's interface has which. */
export class NetworkStore {
  readonly #database: Database;
  readonly #ids: Ids;

  constructor(database: Database, ids: Ids) {
    this.#database = database;
    this.#ids = ids;
  }

  /** Makes the fixed network, once. Its range cannot change later: addresses are in use. */
  async ensure({ name, cidr }: FixedNetwork): Promise<NetworkRow> {
    const { networks } = this.#database.tables;
    const { firstAddress, lastAddress } = networkRange(cidr);
    const columns = "id, name, cidr, first_address, last_address, next_address";
    await this.#database.run(
      script(
        statement(`INSERT INTO ${networks} (${columns}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING`, [
          this.#ids.next("net"),
          name,
          cidr,
          firstAddress,
          lastAddress,
          firstAddress,
        ]),
      ),
    );
    const row = await this.#database.first<NetworkRow>(this.#database.read(networks).where({ name }));
    if (row === undefined || row.cidr !== cidr) {
      const issues = [{ path: "network.cidr", message: `the network is ${row?.cidr ?? "gone"} already` }];
      throw new CloudHostError("INVALID_ARGUMENT", `The network ${name} cannot become ${cidr}.`, { issues });
    }
    await this.#growPool(row.id);
    return row;
  }

  /**
   * Gives a server an interface: a free address of the network, and a class id that is free on the host. It is not
   * wanted there yet.
   */
  bind(serverId: string, hostId: string, { projectId, networkId, nicId = this.#ids.next("nic") }: Binding): Script {
    const { addresses, bindings, hosts } = this.#database.tables;
    const position = `(SELECT COALESCE(MAX(position) + 1, 0) FROM ${bindings} WHERE server_id = ?)`;
    return {
      statements: [
        // One at a time on a host, so that two do not pick the same free class.
        ...lockInOrder(this.#database, hosts, "id = ?", [hostId]),
        guarded(
          "address",
          `UPDATE ${addresses} SET nic_id = ? WHERE network_id = ? AND nic_id IS NULL AND address = (SELECT address FROM ${addresses} WHERE network_id = ? AND nic_id IS NULL ORDER BY address LIMIT 1 ${this.#database.skipLocked}) RETURNING address`,
          [nicId, networkId, networkId],
        ),
        guarded(
          "binding",
          `INSERT INTO ${bindings} (id, server_id, project_id, host_id, network_id, address, class_id, position, wanted, revision) SELECT ?, ?, ?, ?, network_id, address, ${this.#freeClass()}, ${position}, FALSE, 0 FROM ${addresses} WHERE network_id = ? AND nic_id = ?`,
          [nicId, serverId, projectId, hostId, hostId, hostId, hostId, serverId, networkId, nicId],
        ),
      ],
      result: undefined,
      refused: async (guard) =>
        guard === "address" ? this.#moreAddresses(networkId) : exhausted("network classes of the host"),
    };
  }

  /** Takes a server's interfaces and addresses back. Only those that no host has any more: an address is free after that. */
  releaseOnceUnbound(serverId: string): Script {
    const { addresses, bindings } = this.#database.tables;
    const mine = `SELECT id FROM ${bindings} WHERE server_id = ? AND NOT wanted`;
    return script(
      statement(`UPDATE ${addresses} SET nic_id = NULL WHERE nic_id IN (${mine})`, [serverId]),
      statement(`DELETE FROM ${bindings} WHERE server_id = ? AND NOT wanted`, [serverId]),
    );
  }

  /**
   * Says whether the server's host shall have its interfaces, and raises that host's network revision and those of all
   * hosts with servers of the same project, whose isolation sets change too. Also for interfaces that are wanted already
   * and have changed: what is not said here, no host is told.
   * @param nicId the only one of its interfaces that it is said of
   */
  want(
    serverId: string,
    hostId: string,
    projectId: string,
    wanted: boolean,
    nicId?: string,
  ): Script<{ revision: number }> {
    const { bindings, hosts, network_log: log } = this.#database.tables;
    const concerned = `id = ? OR EXISTS (SELECT 1 FROM ${bindings} b WHERE b.project_id = ? AND b.host_id = ${hosts}.id)`;
    const whose = [hostId, projectId];
    return {
      statements: [
        ...lockInOrder(this.#database, hosts, concerned, whose),
        statement(
          `UPDATE ${bindings} SET wanted = ${wanted ? "TRUE" : "FALSE"} WHERE server_id = ?${nicId === undefined ? "" : " AND id = ?"}`,
          nicId === undefined ? [serverId] : [serverId, nicId],
        ),
        // Its number is drawn under the hosts' locks: whoever sees a host's revision sees all of the log up to it.
        statement(
          `INSERT INTO ${log} (project_id, nic_id, address) SELECT project_id, id, address FROM ${bindings} WHERE server_id = ?`,
          [serverId],
        ),
        statement(
          `UPDATE ${hosts} SET network_revision = (SELECT MAX(revision) FROM ${log}) WHERE ${concerned} RETURNING id, network_revision`,
          whose,
        ),
      ],
      result: (rows) => ({
        revision: Number(rows.at(-1)?.find((row) => row["id"] === hostId)?.["network_revision"]),
      }),
    };
  }

  /** The revision that a host's network shall have by now. */
  revisionOf(hostId: string): Script<{ revision: number }> {
    return {
      statements: [statement(`SELECT network_revision FROM ${this.#database.tables.hosts} WHERE id = ?`, [hostId])],
      result: ([rows]) => ({ revision: Number(rows?.[0]?.["network_revision"]) }),
    };
  }

  /** Drops what is so old in the log that hosts which lag so far behind are better told the whole. */
  forgetOld(): Script {
    const { network_log: log } = this.#database.tables;
    return script(
      statement(`DELETE FROM ${log} WHERE revision < (SELECT MAX(revision) FROM ${log}) - ${loggedRevisions}`),
    );
  }

  /** Gives up its interfaces' places on the host that has none of them any more. They are on no host then. */
  leaveHost(serverId: string): Statement {
    const { bindings } = this.#database.tables;
    const sql = `UPDATE ${bindings} SET host_id = NULL, class_id = NULL WHERE server_id = ? AND NOT wanted`;
    return statement(sql, [serverId]);
  }

  /** Gives interfaces that no host has wanted a place on another: a class id that is free there. */
  move(nicIds: readonly string[], hostId: string): readonly Statement[] {
    const { bindings, hosts } = this.#database.tables;
    const sql = `UPDATE ${bindings} SET host_id = ?, class_id = ${this.#freeClass()} WHERE id = ? AND COALESCE(host_id, '') <> ?`;
    return [
      ...lockInOrder(this.#database, hosts, "id = ?", [hostId]),
      ...nicIds.map((nicId) => statement(sql, [hostId, hostId, hostId, hostId, nicId, hostId])),
    ];
  }

  /** A server's interfaces, as its guest shall have them: in the order in which it was given them. */
  async nics(serverId: string): Promise<GuestNic[]> {
    const { bindings, networks } = this.#database.tables;
    const rows = await this.#database.select<{ id: string; address: number; cidr: string }>(
      `SELECT b.id, b.address, n.cidr FROM ${bindings} b JOIN ${networks} n ON n.id = b.network_id WHERE b.server_id = ? ORDER BY b.position, b.id`,
      [serverId],
    );
    return rows.map(({ id, address, cidr }) => {
      const { prefixLength, gateway } = networkRange(cidr);
      return { id, tap: tapName(id), mac: macAddress(id), address: addressText(address), prefixLength, gateway };
    });
  }

  /**
   * A class id that is free on a host, which is bound three times: the next behind its highest, which costs the same on
   * a full host; the lowest in a gap when there is none behind.
   */
  #freeClass(): string {
    const { bindings } = this.#database.tables;
    const highest = "COALESCE(MAX(class_id), 15)";
    const behind = `SELECT ${highest} + 1 FROM ${bindings} WHERE host_id = ? HAVING ${highest} < 65535`;
    const gap = `SELECT MIN(c.class_id) FROM (SELECT 16 AS class_id UNION ALL SELECT class_id + 1 FROM ${bindings} WHERE host_id = ?) c WHERE c.class_id <= 65535 AND NOT EXISTS (SELECT 1 FROM ${bindings} b WHERE b.host_id = ? AND b.class_id = c.class_id)`;
    return `COALESCE((${behind}), (${gap}))`;
  }

  async #moreAddresses(networkId: string): Promise<"again" | CloudHostError> {
    const grown = await this.#growPool(networkId);
    return grown ? "again" : exhausted("fixed addresses");
  }

  /** Puts the next block of addresses into the pool. `false`: the network has no more, and none is free. */
  async #growPool(networkId: string): Promise<boolean> {
    const { addresses, networks } = this.#database.tables;
    const { read } = this.#database;
    if (
      (await this.#database.first(read(addresses).where({ network_id: networkId }).whereNull("nic_id").limit(1))) !==
      undefined
    ) {
      return true;
    }
    const network = await this.#database.first<{ next_address: number; last_address: number }>(
      read(networks).where({ id: networkId }),
    );
    if (network === undefined || network.next_address > network.last_address) return false;
    const end = Math.min(network.next_address + poolBlock - 1, network.last_address);
    const numbers = `WITH RECURSIVE block(address) AS (SELECT CAST(? AS BIGINT) UNION ALL SELECT address + 1 FROM block WHERE address < ?)`;
    await this.#database.run(
      script(
        statement(`UPDATE ${networks} SET next_address = ? WHERE id = ? AND next_address = ?`, [
          end + 1,
          networkId,
          network.next_address,
        ]),
        statement(
          `INSERT INTO ${addresses} (network_id, address) ${numbers} SELECT CAST(? AS VARCHAR), address FROM block WHERE TRUE ON CONFLICT DO NOTHING`,
          [network.next_address, end, networkId],
        ),
      ),
    );
    return true;
  }
}

/** What an interface belongs to. */
export interface Binding {
  readonly projectId: string;
  readonly networkId: string;
  /** Its id. @defaultValue a new one */
  readonly nicId?: string;
}

const exhausted = (resource: string): CloudHostError =>
  new CloudHostError("EXHAUSTED", `There are no more ${resource}.`, { resource });
