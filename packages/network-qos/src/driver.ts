import { isCloudHostError } from "@cloudhost/core/ports";
import { changedPart } from "./changed-part.ts";
import { aliasMac } from "./links/state.ts";
import { hostModel } from "./model.ts";
import { planHost } from "./plan.ts";
import { HostReader } from "./read.ts";
import { Executor, throwIfCancelled } from "./run/executor.ts";
import { treeDevice } from "./shaping/trees.ts";
import { wantedState } from "./state.ts";
import type {
  HostNetwork,
  NetworkCapabilities,
  NetworkChange,
  NetworkDriver,
  NetworkInventory,
  NetworkUpdate,
  PresentBinding,
} from "@cloudhost/core/ports";
import type { HostFacts } from "./model.ts";
import type { RunCommand } from "./run/command.ts";
import type { ExecutorContext } from "./run/executor.ts";

/** What `openLinuxNetwork` gives: a driver that tells how much it wrote. */
export interface LinuxNetwork extends NetworkDriver {
  /** Lines written to the host's subsystems so far. An apply that finds all as wanted adds none. */
  readonly writes: number;
}

/**
 * The network of a Linux host: one bridge with only the guests' taps, between which and beyond which the host routes;
 * tenants kept apart by two ipsets and one rule; bandwidth by HTB. What it makes stands without it: disposing leaves
 * all as it is, and `removeLinuxNetwork` takes it away.
 */
export class LinuxNetworkDriver implements LinuxNetwork {
  readonly capabilities: NetworkCapabilities;
  readonly #facts: HostFacts;
  readonly #reader: HostReader;
  readonly #executor: Executor;
  /** What the last apply of this instance left, as long as none failed since. */
  #known: { readonly revision: number; readonly desired: HostNetwork } | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(run: RunCommand, context: ExecutorContext, facts: HostFacts) {
    this.#facts = facts;
    this.#reader = new HostReader(run, context.host);
    this.#executor = new Executor(run, context);
    this.capabilities = { shaping: facts.capacity !== undefined, isolation: true };
  }

  get writes(): number {
    return this.#executor.writes;
  }

  async inventory(signal?: AbortSignal): Promise<NetworkInventory> {
    throwIfCancelled(signal);
    return this.#facts.capacity ?? { internalKbit: 0, externalKbit: 0 };
  }

  apply(update: NetworkUpdate, signal?: AbortSignal): Promise<void> {
    const applied = this.#last.then(() => this.#apply(update, signal));
    this.#last = applied.catch(() => {});
    return applied;
  }

  async *list(signal?: AbortSignal): AsyncIterable<PresentBinding> {
    throwIfCancelled(signal);
    const [links, shaping] = await Promise.all([
      this.#reader.links(this.#facts.options.bridge),
      this.#reader.shaping(this.#facts),
    ]);
    const filters = shaping.get(treeDevice("internal", "out"))?.filters.values() ?? [];
    const classIds = new Map(Array.from(filters, ({ mac, classId }) => [mac, classId]));
    for (const [tap, { alias }] of links.taps) yield { tap, classId: classIds.get(aliasMac(alias) ?? "") };
  }

  /** Forgets what this instance knew: the next apply reads everything, and finishes or undoes what was half done. */
  async recover(signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    await this.#last;
    this.#known = undefined;
  }

  /** Waits for the apply under way. The network stays: guests go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
  }

  async #apply({ desired, revision, baseRevision, changes }: NetworkUpdate, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    const known = this.#known;
    this.#known = undefined;
    const quick = changes !== undefined && known?.revision === baseRevision;
    if (!quick || !(await this.#applyChanges(changes, known.desired, desired, signal))) {
      const model = hostModel(desired, this.#facts);
      await this.#executor.execute(planHost(model, await this.#reader.state(model), wantedState(model)), signal);
    }
    this.#known = { revision, desired };
  }

  /** Writes only what changed, unread; `false` when others changed something as well, and all must be read. */
  async #applyChanges(
    changes: readonly NetworkChange[],
    before: HostNetwork,
    after: HostNetwork,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const part = changedPart(changes, before, after);
    const earlier = hostModel(part.before, this.#facts, before);
    const model = hostModel(part.after, this.#facts, after);
    // The filters of all taps have these in them.
    if (earlier.internalNetworks.join() !== model.internalNetworks.join()) return false;
    try {
      await this.#executor.execute(planHost(model, wantedState(earlier), wantedState(model)), signal);
      return true;
    } catch (error) {
      if (isCloudHostError(error, "CANCELLED")) throw error;
      return false;
    }
  }
}
