import type { HostRuntime, OpenHost } from "../hosts/host-runtime.ts";
import type { HostStore } from "../hosts/store.ts";
import type { Database } from "../database/database.ts";
import { CloudHostError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { msFrom } from "../units.ts";
import type { NetworkRenderer, RenderedBase } from "./renderer.ts";
import type { NetworkStore } from "./store.ts";

interface HostConvergence {
  /** As which it was opened when it was brought there: opened anew, it is told the whole. */
  epoch: number;
  /** What the agent was last brought to by this process. */
  applied: RenderedBase | undefined;
  /** When the agent was last told the whole. */
  wholeAtMs: number;
  /** The run under way, and the one that waits for it and will render what is newest then. */
  running: Promise<void> | undefined;
  next: Promise<void> | undefined;
}

/** However well the changes are told, each host is told the whole so often. */
const wholeEveryMs = msFrom({ hours: 1 });

/**
 * Brings hosts' networks to what the store wants. One run a host at a time, rendering the newest revision; callers wait
 * for a number. What has changed is rendered and sent; the whole when the agent lacks the base, when hosts have other
 * addresses, and once an hour. Other hosts of a project follow by the reconciler.
 */
export class NetworkConvergence {
  readonly #renderer: NetworkRenderer;
  readonly #networks: NetworkStore;
  readonly #runtime: HostRuntime;
  readonly #hosts: HostStore;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #byHost = new Map<string, HostConvergence>();
  /** By which the hosts reach each other, as JSON. */
  #addresses: string | undefined;

  constructor(
    renderer: NetworkRenderer,
    networks: NetworkStore,
    runtime: HostRuntime,
    hosts: HostStore,
    database: Database,
    clock: Clock,
    logger: Logger,
  ) {
    this.#renderer = renderer;
    this.#networks = networks;
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
    const addresses = await this.#renderer.addressesOfHosts();
    if (addresses !== (this.#addresses ??= addresses))
      for (const host of this.#byHost.values()) host.applied = undefined;
    this.#addresses = addresses;
    await this.#database.run(this.#networks.forgetOld());
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
    const bound = client.bind({ operationId: null, epoch, resource: hostId });
    const nowMs = this.#clock.nowMs();
    const base = nowMs - host.wholeAtMs < wholeEveryMs ? host.applied : undefined;
    const step = base === undefined ? undefined : await this.#renderer.since(hostId, base);
    if (base !== undefined && step !== undefined) {
      const { changes, ...rendered } = step;
      const answer = await bound.network.apply({ revision: step.revision, baseRevision: base.revision, changes });
      if (answer.wanted === "nothing") {
        // Unless it was forgotten meanwhile, because the whole is to be told.
        if (host.applied === base) host.applied = rendered;
        return;
      }
    }
    host.applied = undefined;
    this.#addresses ??= await this.#renderer.addressesOfHosts();
    const { changes, ...rendered } = await this.#renderer.whole(hostId);
    const answer = await bound.network.apply({ revision: rendered.revision, baseRevision: 0, changes });
    if (answer.wanted === "whole") throw lostAPage(bound.host);
    host.applied = rendered;
    host.wholeAtMs = nowMs;
  }

  #of(hostId: string): HostConvergence {
    const known = this.#byHost.get(hostId);
    const { epoch } = this.#runtime.get(hostId);
    if (known?.epoch === epoch) return known;
    const made: HostConvergence = { epoch, applied: undefined, wholeAtMs: 0, running: undefined, next: undefined };
    this.#byHost.set(hostId, made);
    return made;
  }
}

/** Its agent began anew between two pages. */
const lostAPage = (host: string): CloudHostError => {
  const reason = "it lost a part of its network's description";
  return new CloudHostError("HOST_UNAVAILABLE", `${host}: ${reason}.`, { host, reason }, { retryable: true });
};
