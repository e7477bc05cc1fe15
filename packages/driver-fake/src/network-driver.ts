import { isDeepStrictEqual } from "node:util";
import type {
  Clock,
  HostNetwork,
  NetworkCapabilities,
  NetworkChange,
  NetworkDriver,
  NetworkInventory,
  NetworkUpdate,
  PresentBinding,
} from "@cloudhost/core/ports";
import type { Calls } from "./calls.ts";
import { Lanes } from "./lanes.ts";
import type { FakeHostOptions } from "./options.ts";
import type { OpenHost } from "./world/registry.ts";

/** What a network driver of a fake host works with. */
export interface NetworkParts {
  readonly open: OpenHost;
  readonly options: FakeHostOptions;
  readonly inventory: NetworkInventory;
  readonly clock: Clock;
  readonly calls: Calls;
}

/** Keeps the host's taps, and who may reach whom, as entries in the host's world. */
export class FakeNetworkDriver implements NetworkDriver {
  readonly capabilities: NetworkCapabilities;
  readonly #parts: NetworkParts;
  readonly #lanes = new Lanes();
  /** The revision that was applied last; `undefined` when the last apply may be half done. */
  #applied: number | undefined;

  constructor(parts: NetworkParts) {
    const { shaping, isolation } = parts.options.capabilities;
    this.capabilities = { shaping, isolation };
    this.#parts = parts;
  }

  inventory(signal?: AbortSignal): Promise<NetworkInventory> {
    const { calls, inventory } = this.#parts;
    return calls.ask("network.inventory", signal, async () => ({ ...inventory }));
  }

  apply({ revision, desired, baseRevision, changes: since }: NetworkUpdate, signal?: AbortSignal): Promise<void> {
    const { calls, clock, open } = this.#parts;
    return calls.change("network.apply", signal, () =>
      this.#lanes.run("network", async () => {
        const present = open.world.state.network;
        const follows = since !== undefined && this.#applied === baseRevision;
        this.#applied = undefined;
        const changes = follows
          ? since.filter((change) => !holdsAlready(present, change))
          : networkDifference(present, desired);
        if (changes.length > 0) await open.world.commit({ kind: "network", atMs: clock.nowMs(), changes });
        this.#applied = revision;
      }),
    );
  }

  async *list(signal?: AbortSignal): AsyncIterable<PresentBinding> {
    const { calls, open } = this.#parts;
    yield* await calls.ask("network.list", signal, async () =>
      Array.from(open.world.state.network.bindings.values(), ({ tap, classId }) => ({ tap, classId })),
    );
  }

  /** Nothing is ever half done: an apply is one record. */
  recover(signal?: AbortSignal): Promise<void> {
    return this.#parts.calls.ask("network.recover", signal, async () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.calls[Symbol.asyncDispose]();
    await this.#parts.open[Symbol.asyncDispose]();
  }
}

/** What has to change so that `present` is `desired`: removals first, since a name or class may go to another. */
export function networkDifference(present: HostNetwork, desired: HostNetwork): NetworkChange[] {
  return [
    ...gone(present.bindings, desired.bindings).map((nicId) => ({ kind: "noBinding", nicId }) as const),
    ...gone(present.members, desired.members).map((address) => ({ kind: "noMember", address }) as const),
    ...changed(present.bindings, desired.bindings).map((binding) => ({ kind: "binding", binding }) as const),
    ...changed(present.members, desired.members).map((member) => ({ kind: "member", member }) as const),
  ];
}

function holdsAlready({ bindings, members }: HostNetwork, change: NetworkChange): boolean {
  if (change.kind === "binding") return isDeepStrictEqual(bindings.get(change.binding.id), change.binding);
  if (change.kind === "member") return isDeepStrictEqual(members.get(change.member.address), change.member);
  return change.kind === "noBinding" ? !bindings.has(change.nicId) : !members.has(change.address);
}

const gone = <T>(from: ReadonlyMap<string, T>, to: ReadonlyMap<string, T>): string[] =>
  [...from.keys()].filter((key) => !to.has(key));

const changed = <T>(from: ReadonlyMap<string, T>, to: ReadonlyMap<string, T>): T[] =>
  [...to].flatMap(([key, value]) => (isDeepStrictEqual(from.get(key), value) ? [] : [value]));
