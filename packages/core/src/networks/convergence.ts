import type { HostRuntime, OpenHost } from "../hosts/host-runtime.ts";
import type { HostStore } from "../hosts/store.ts";
import type { Database } from "../database/database.ts";
import { CloudHostError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { NetworkChange } from "../ports/network-driver.ts";
import { changesBetween } from "./network-changes.ts";
import type { NetworkRenderer } from "./renderer.ts";

interface HostConvergence {
  /** What the agent was last brought to by this process. */
  applied: { readonly revision: number; readonly changes: readonly NetworkChange[] } | undefined;
  /** The run under way, and the one that waits for it and will render what is newest then. */
  running: Promise<void> | undefined;
  next: Promise<void> | undefined;
}

/**
 * Brings hosts' networks to what the store wants. One run a host at a time, rendering the newest revision; callers wait
 * for a number. The whole is sent only when the agent lacks the base. Other hosts of a project follow by the reconciler.
 */
export class NetworkConvergence {
  readonly #renderer: NetworkRenderer;
  readonly #runtime: HostRuntime;
  readonly #hosts: HostStore;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #byHost = new Map<string, HostConvergence>();

  constructor(
    renderer: NetworkRenderer,
    runtime: HostRuntime,
    hosts: HostStore,
    database: Database,
    clock: Clock,
    logger: Logger,
  ) {
    this.#renderer = renderer;
    this.#runtime = runtime;
    this.#hosts = hosts;
    this.#database = database;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Resolves when the host's network is at least at this revision.
   * @throws HostElsewhere, CloudHostError `HOST_UNAVAILABLE`, `DEADLINE_EXCEEDED`
   */
  async converge(hostId: string, revision: number): Promise<void> {
    const host = this.#of(hostId);
    while ((host.applied?.revision ?? -1) < revision) {
      if (host.running !== undefined) {
        host.next ??= host.running.catch(() => {}).then(() => this.#start(hostId, host));
        await this.#clock.waiting(host.next);
      } else {
        await this.#clock.waiting(this.#start(hostId, host));
      }
    }
  }

  /** Brings every host of this process that is behind to what is wanted. Takes no input; run on a timer and on a signal. */
  async reconcile(): Promise<void> {
    // Side by side: a host that hangs holds up no other.
    await Promise.all(this.#runtime.opened.map((host) => this.#clock.busy(() => this.#reconcileOne(host))));
  }

  async #reconcileOne({ id, name }: OpenHost): Promise<void> {
    try {
      const row = await this.#hosts.get(id);
      if (row === undefined) return;
      await this.converge(id, row.network_revision);
      const applied = this.#of(id).applied?.revision ?? 0;
      if (row.network_applied_revision < applied) await this.#database.run(this.#hosts.networkApplied(id, applied));
    } catch (err) {
      this.#logger.warn({ host: name, err }, "the host's network lags behind");
    }
  }

  #start(hostId: string, host: HostConvergence): Promise<void> {
    host.next = undefined;
    host.running = this.#clock.busy(() => this.#run(hostId, host)).finally(() => (host.running = undefined));
    return host.running;
  }

  async #run(hostId: string, host: HostConvergence): Promise<void> {
    const { client, epoch } = this.#runtime.get(hostId);
    const wanted = await this.#renderer.render(hostId);
    const bound = client.bind({ operationId: null, epoch, resource: hostId });
    const { applied } = host;
    const base = applied === undefined ? undefined : changesBetween(applied.changes, wanted.changes);
    const answer =
      applied === undefined || base === undefined
        ? undefined
        : await bound.network.apply({ revision: wanted.revision, baseRevision: applied.revision, changes: base });
    if (answer?.wanted !== "nothing") {
      host.applied = undefined;
      const whole = { revision: wanted.revision, baseRevision: 0, changes: [...wanted.changes] };
      if ((await bound.network.apply(whole)).wanted === "whole") throw lostAPage(bound.host);
    }
    host.applied = wanted;
  }

  #of(hostId: string): HostConvergence {
    const known = this.#byHost.get(hostId);
    if (known !== undefined) return known;
    const made: HostConvergence = { applied: undefined, running: undefined, next: undefined };
    this.#byHost.set(hostId, made);
    return made;
  }
}

/** Its agent began anew between two pages. */
const lostAPage = (host: string): CloudHostError => {
  const reason = "it lost a part of its network's description";
  return new CloudHostError("HOST_UNAVAILABLE", `${host}: ${reason}.`, { host, reason }, { retryable: true });
};
