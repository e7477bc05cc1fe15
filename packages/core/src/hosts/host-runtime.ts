import { join } from "node:path";
import type { Subscription } from "rxjs";
import { openHostAgent } from "../agent/host-agent.ts";
import type { HostAgent } from "../agent/host-agent.ts";
import type { Heartbeats } from "../agent/heartbeats.ts";
import type { Database } from "../database/database.ts";
import { GuardFailed, guarded, script, statement } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { Ids } from "../ids.ts";
import type { OnBoundary } from "../operations/boundary.ts";
import { HostElsewhere } from "../operations/stop-reasons.ts";
import type { AgentBus, Bus, HostReport } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { HostConfig } from "../ports/driver-module.ts";
import type { HostImages } from "../ports/host-images.ts";
import type { ImageStore } from "../ports/image-store.ts";
import type { Logger } from "../ports/logger.ts";
import { HostClient } from "./host-client.ts";
import type { HostStore } from "./store.ts";

/** What opening hosts needs. */
export interface HostRuntimeDependencies {
  readonly database: Database;
  readonly hosts: HostStore;
  readonly imageStore: ImageStore;
  readonly bus: Bus & AgentBus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly heartbeats: Heartbeats;
  readonly stateDir: string;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly onBoundary: OnBoundary;
}

/** A host that this process has opened. */
export interface OpenHost {
  readonly id: string;
  readonly name: string;
  readonly client: HostClient;
  /** Fences what is about the host itself: its network. */
  readonly epoch: number;
  readonly recovery: HostAgent["recovery"];
}

/**
 * Opens this process's hosts, each under its lease, so that no two processes drive one host. A host that does not open
 * is `down` with its reason, and the cloud opens all the same.
 */
export class HostRuntime implements AsyncDisposable {
  readonly #dependencies: HostRuntimeDependencies;
  readonly #owner: string;
  readonly #open = new Map<string, OpenHost & { readonly parts: AsyncDisposableStack }>();
  /** Ids of the hosts that this process registered, by name; `undefined` for one that was deleted since. */
  readonly #registered = new Map<string, string | undefined>();
  #lease: AsyncDisposable | undefined;

  constructor(dependencies: HostRuntimeDependencies) {
    this.#dependencies = dependencies;
    this.#owner = dependencies.ids.next("own");
  }

  /** The hosts that this process reaches. */
  get opened(): readonly OpenHost[] {
    return [...this.#open.values()];
  }

  /** Whether this process has opened it. */
  has(hostId: string): boolean {
    return this.#open.has(hostId);
  }

  /** @throws HostElsewhere when this process has not opened it */
  get(hostId: string): OpenHost {
    const host = this.#open.get(hostId);
    if (host === undefined) throw new HostElsewhere(hostId);
    return host;
  }

  /**
   * Registers and opens them, side by side. What did not open is tried again on a timer: its hypervisor may come back,
   * or the lease of a process that died may be over.
   */
  async openAll(configs: readonly HostConfig[]): Promise<void> {
    const { clock, hosts, leaseMs, logger } = this.#dependencies;
    await Promise.all(configs.map((config) => this.#openOne(config)));
    this.#lease = clock.every(
      leaseMs / 3,
      async () => {
        const held = await this.#renew();
        for (const { id } of this.opened) {
          if (held.has(id)) continue;
          // It is another's by now, or nobody's since it is cut off; or it is gone.
          await ((await hosts.get(id)) === undefined ? this.letGo(id) : this.drop(id));
        }
        const missing = configs.filter(({ name }) => !this.opened.some((host) => host.name === name));
        await Promise.all(missing.map((config) => this.#openOne(config)));
      },
      (err) => logger.error({ err }, "host leases cannot be renewed"),
    );
  }

  /** Closes a host that was deleted, if this process has it open, and does not open it again. */
  async letGo(hostId: string): Promise<void> {
    for (const [name, id] of this.#registered) if (id === hostId) this.#registered.set(name, undefined);
    await this.drop(hostId);
  }

  /** Closes a host that is not this process's to drive any more; once its lease is free, it may be opened again. */
  async drop(hostId: string): Promise<void> {
    const host = this.#open.get(hostId);
    this.#open.delete(hostId);
    await host?.parts.disposeAsync();
  }

  /** Subscribes to what a host's agent says, by host id. */
  reports(listener: (host: OpenHost, report: HostReport) => void): Subscription {
    return this.#dependencies.bus.reports().subscribe((report) => {
      const host = this.opened.find(({ name }) => name === report.host);
      if (host !== undefined) listener(host, report);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lease?.[Symbol.asyncDispose]();
    await Promise.all([...this.#open.values()].map(({ parts }) => parts.disposeAsync()));
    await this.#dependencies.database.run(script(this.#letGo()));
    this.#open.clear();
  }

  async #openOne(config: HostConfig): Promise<void> {
    const { database, hosts, logger } = this.#dependencies;
    const id = await this.#idOf(config);
    if (id === undefined) return;
    const epoch = await this.#take(id);
    if (epoch === undefined) {
      // How it is, that process says.
      logger.info({ host: config.name }, "another process has the host open");
      return;
    }
    try {
      this.#open.set(id, await this.#openAgent(id, config, epoch));
    } catch (cause) {
      const error = CloudHostError.from(cause);
      logger.error({ host: config.name, err: error }, "the host does not open");
      const down = hosts.setState(id, "down", error.message, undefined);
      await database.run(script(...down.statements, this.#letGo(id)));
    }
  }

  /** Registers it the first time; `undefined` when it was deleted since. */
  async #idOf({ name, zone }: HostConfig): Promise<string | undefined> {
    const { hosts, clock } = this.#dependencies;
    const known = this.#registered.get(name);
    const id = this.#registered.has(name)
      ? known && (await hosts.get(known))?.id
      : (await hosts.register(name, zone, clock.nowMs())).id;
    this.#registered.set(name, id);
    return id;
  }

  async #openAgent(id: string, config: HostConfig, epoch: number) {
    const { database, hosts, imageStore, bus, clock, ids, logger, heartbeats, heartbeatMs, onBoundary } =
      this.#dependencies;
    const stateDir = config.stateDir ?? join(this.#dependencies.stateDir, "hosts", config.name);
    await using parts = new AsyncDisposableStack();
    const images: HostImages = parts.use(await imageStore.hostImages({ cacheDir: join(stateDir, "images") }));
    const agent = parts.use(
      await openHostAgent({ config, bus, images, clock, ids, logger, stateDir, heartbeats, heartbeatMs, onBoundary }),
    );
    const client = parts.use(new HostClient({ bus, host: config.name, clock, ids, logger }));
    const { inventory, recovery } = agent;
    const has = hosts.setInventory(id, inventory);
    const isUp = hosts.setState(id, "up", null, clock.nowMs());
    await database.run(script(...has.statements, ...isUp.statements));
    return { id, name: config.name, client, epoch, recovery, parts: parts.move() };
  }

  /** Takes the lease and gives its epoch; `undefined` when another process has the host. */
  async #take(hostId: string): Promise<number | undefined> {
    const { database } = this.#dependencies;
    const { fence, tables } = database;
    const until = `${database.leaseNow()} + ${this.#dependencies.leaseMs}`;
    try {
      return await database.run({
        statements: [
          ...fence.before.map(({ sql }) => statement(sql)),
          guarded(
            "lease",
            `INSERT INTO ${tables.host_leases} (host_id, owner, epoch, lease_until_ms) VALUES (?, ?, ${fence.value}, ${until}) ON CONFLICT (host_id) DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch, lease_until_ms = excluded.lease_until_ms WHERE ${tables.host_leases}.lease_until_ms < ${database.leaseNow()} RETURNING epoch`,
            [hostId, this.#owner],
          ),
        ],
        result: (rows) => Number(rows.at(-1)?.[0]?.["epoch"]),
      });
    } catch (error) {
      if (error instanceof GuardFailed) return undefined;
      throw error;
    }
  }

  /** Lets another process have a host, or all. */
  #letGo(hostId?: string): Statement {
    const one = hostId === undefined ? "" : " AND host_id = ?";
    return statement(
      `UPDATE ${this.#dependencies.database.tables.host_leases} SET lease_until_ms = 0 WHERE owner = ?${one}`,
      [this.#owner, ...(hostId === undefined ? [] : [hostId])],
    );
  }

  /** Gives the hosts whose leases this process has. */
  async #renew(): Promise<ReadonlySet<unknown>> {
    const { database, leaseMs } = this.#dependencies;
    const until = `${database.leaseNow()} + ${leaseMs}`;
    return database.run({
      statements: [
        statement(
          `UPDATE ${database.tables.host_leases} SET lease_until_ms = ${until} WHERE owner = ? AND lease_until_ms > 0 RETURNING host_id`,
          [this.#owner],
        ),
      ],
      result: ([rows = []]) => new Set(rows.map((row) => row["host_id"])),
    });
  }
}
