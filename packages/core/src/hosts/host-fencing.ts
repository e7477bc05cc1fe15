import { notFound } from "../access/caller.ts";
import type { Caller } from "../access/caller.ts";
import { parseNamed } from "../access/named.ts";
import { detached } from "../clock/detached.ts";
import { CloudHostError } from "../errors.ts";
import type { OperationEngine } from "../operations/engine.ts";
import { OperationHandle } from "../operations/handle.ts";
import type { Clock } from "../ports/clock.ts";
import type { HostFence } from "../ports/host-fence.ts";
import type { Logger } from "../ports/logger.ts";
import type { ServerEvacuations } from "../servers/evacuations.ts";
import { EvacuateHost } from "../servers/model.ts";
import type { HostEvacuation } from "../servers/evacuations.ts";
import type { FenceStore } from "./fence-store.ts";
import type { FleetFeed } from "./fleet-feed.ts";
import type { HostRuntime } from "./host-runtime.ts";
import { FenceHost, UnfenceHost } from "./model.ts";
import type { Host } from "./model.ts";
import { fenceHost, noFence } from "./operations/fence-host.ts";
import { unfenceHost } from "./operations/unfence-host.ts";
import { hostOf } from "./store.ts";
import type { HostRow, HostStore } from "./store.ts";

/** What {@link HostFencings} needs. */
export interface HostFencingDependencies {
  readonly hosts: HostStore;
  readonly fences: FenceStore;
  readonly feed: FleetFeed;
  readonly runtime: HostRuntime;
  readonly engine: OperationEngine;
  readonly evacuations: ServerEvacuations;
  readonly fence: HostFence | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Hosts that die: cut off, their servers made anew elsewhere, and let back. */
export class HostFencings {
  readonly #caller: Caller;
  readonly #dependencies: HostFencingDependencies;

  constructor(caller: Caller, dependencies: HostFencingDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /**
   * Cuts a host off: from then on it certainly runs nothing and writes nothing, and its servers can be evacuated. It takes
   * no new server, and its agent is refused, until it has returned by {@link unfence} and was enabled again. The cloud's
   * own `fence` does it; or somebody has made sure of it, and says how.
   *
   * @throws CloudHostError `NOT_FOUND`; `CONFLICT` for one that is fenced already, or whose heartbeats arrive, unless
   * `evenIfUp`; `UNSUPPORTED` where the cloud has no fence and nobody has confirmed it. From `result()`: why the fence
   * could not; the host then stays disabled
   * @example
   * await (await ops.hosts.fence("host-7", { confirmedBy: "power cable pulled, rack 4" })).result();
   */
  async fence(idOrName: string, input: FenceHost = {}): Promise<OperationHandle<Host>> {
    const asked = { schema: FenceHost, input, what: "options of fence", find: this.#finding(idOrName) };
    return this.#caller.change("hosts.fence", asked, async (scope, request, row) => {
      const { engine, fence, fences, feed } = this.#dependencies;
      const { confirmedBy, evenIfUp, idempotencyKey } = request;
      if (confirmedBy === undefined && fence === undefined) throw noFence();
      const { id } = await engine.submit({
        definition: fenceHost,
        projectId: null,
        actor: scope,
        resourceId: row.id,
        hostId: undefined,
        idempotencyKey,
        request: { ...request, host: row.id },
        input: { host: fencedHost(row), confirmedBy: confirmedBy ?? null, before: row.fence },
        statements: (operationId) => fences.begin(row.id, operationId, evenIfUp),
        refused: () => this.#refusedToFence(row.id),
      });
      feed.stale();
      this.#drop(row);
      return this.#handle(id, row.id);
    });
  }

  /**
   * Lets a fenced host come back. What was evacuated from it is removed there first: the operation waits until the host
   * is up, and goes on after a crash. Then it has its other servers as before, and takes new ones once it is enabled.
   *
   * @throws CloudHostError `NOT_FOUND`; `CONFLICT` for one that is not fenced, or while a server is being evacuated from it
   * @example
   * await (await ops.hosts.unfence("host-7")).result();
   * await ops.hosts.enable("host-7");
   */
  async unfence(idOrName: string, input: UnfenceHost = {}): Promise<OperationHandle<Host>> {
    const asked = { schema: UnfenceHost, input, what: "options of unfence", find: this.#finding(idOrName) };
    return this.#caller.change("hosts.unfence", asked, async (scope, request, row) => {
      const { engine, fence, fences } = this.#dependencies;
      const { id } = await engine.submit({
        definition: unfenceHost,
        projectId: null,
        actor: scope,
        resourceId: row.id,
        hostId: undefined,
        idempotencyKey: request.idempotencyKey,
        request: { ...request, host: row.id },
        input: { host: fencedHost(row), byFence: fence !== undefined && row.fenced_by === fence.name },
        statements: (operationId) => fences.beginReturn(row.id, operationId),
        refused: () => this.#refusedToReturn(row.id),
      });
      return this.#handle(id, row.id);
    });
  }

  /**
   * Makes all servers of a fenced host anew on others, each by an operation of its own, as `servers.evacuate` does. Those
   * that are being evacuated already are among what it gives; those that cannot be now are told with the reason. Call it
   * again for them: it begins only what is still to do.
   *
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for a host that is not fenced
   * @example
   * const { operations, refused } = await ops.hosts.evacuate("host-7");
   * const ends = await Promise.allSettled(operations.map((operation) => operation.result()));
   */
  async evacuate(idOrName: string, input: EvacuateHost = {}): Promise<HostEvacuation> {
    const asked = { schema: EvacuateHost, input, what: "options of evacuate", find: this.#finding(idOrName) };
    return this.#caller.change("hosts.evacuate", asked, (scope, request, row) =>
      this.#dependencies.evacuations.beginAll(scope, row, request),
    );
  }

  /** This process drives it no more, at once. Detached: the agent of a dead host may take long to close. */
  #drop({ id, name }: HostRow): void {
    const { clock, logger, runtime } = this.#dependencies;
    const dropping = detached(() => clock.busy(() => runtime.drop(id)));
    dropping.catch((err: unknown) => logger.warn({ host: name, err }, "the agent of a fenced host does not close"));
  }

  async #refusedToFence(hostId: string): Promise<CloudHostError> {
    const row = await this.#dependencies.hosts.get(hostId);
    if (row === undefined) return notFound("host", hostId);
    const state = row.fence ?? row.state;
    const details = { state, allowed: ["suspect", "down"] };
    const said = row.fence === null ? `${state}: say evenIfUp to cut it off all the same` : `${state} already`;
    return new CloudHostError("CONFLICT", `The host ${row.name} is ${said}.`, details);
  }

  async #refusedToReturn(hostId: string): Promise<CloudHostError> {
    const row = await this.#dependencies.hosts.get(hostId);
    if (row === undefined) return notFound("host", hostId);
    const { fence, fence_operation_id: operationId, name } = row;
    const details = { state: fence ?? "not fenced", allowed: ["fenced", "returning"] };
    if (fence === null) return new CloudHostError("CONFLICT", `The host ${name} is not fenced.`, details);
    const why = operationId === null ? "a server is being evacuated from it" : `operation ${operationId} has it`;
    return new CloudHostError("CONFLICT", `The host ${name} is ${fence}, and ${why}.`, details, { retryable: true });
  }

  #handle(id: string, hostId: string): OperationHandle<Host> {
    const { engine, hosts } = this.#dependencies;
    return new OperationHandle(engine, id, hostId, async () => {
      const row = await hosts.get(hostId);
      if (row === undefined) throw notFound("host", hostId);
      return hostOf(row, (await hosts.declared([hostId])).get(hostId));
    });
  }

  #finding(idOrName: string): () => Promise<HostRow> {
    return async () => {
      const row = await this.#dependencies.hosts.named(parseNamed("host", idOrName));
      if (row === undefined) throw notFound("host", idOrName);
      return row;
    };
  }
}

const fencedHost = ({ id, name, zone }: HostRow) => ({ id, name, zone });
