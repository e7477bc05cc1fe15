import { isCloudHostError } from "@cloudhost/core";
import type { OperationHandle, Server } from "@cloudhost/core";
import { ended, stateOf } from "./ends.ts";
import { drifted, wantedAfter } from "./expectations.ts";
import type { AskedAction } from "./expectations.ts";
import type { ActionFleet } from "./fleet.ts";
import type { FlavorName, ModelServer } from "./model.ts";
import type { ActionTally } from "./tally.ts";

/** An operation that was accepted, and what it was asked of. */
export interface Accepted {
  readonly handle: OperationHandle<unknown>;
  readonly server: ModelServer;
  readonly action: AskedAction;
}

/** What the model learns of a server once an operation has ended. */
type Found = Pick<Server, "state" | "flavor" | "host" | "dataDisks" | "addresses">;

/** What {@link Settlement} works with. */
export interface SettlementParts {
  readonly fleet: ActionFleet;
  readonly tally: ActionTally;
  /** The servers of the model, by their slots. */
  readonly servers: Map<number, ModelServer>;
}

/** Brings the model to what has come of the operations. */
export class Settlement {
  readonly #parts: SettlementParts;

  constructor(parts: SettlementParts) {
    this.#parts = parts;
  }

  /** Brings the model to how an operation has ended, and sees that it may end so. */
  async settle({ handle, server, action }: Accepted, crowded: boolean): Promise<void> {
    const { fleet, tally } = this.#parts;
    const { operations } = fleet.ops;
    if ((await stateOf(fleet, handle.id)) === "stuck") {
      tally.stuck += 1;
      if (canBeGivenUp(action, server)) return this.#giveUp(handle.id, server);
      await operations.retry(handle.id);
      await ended(fleet, [handle.id]);
    }
    const { error, state } = await operations.get(handle.id);
    tally.ended(action, state, error?.code, `${action} ${server.slot} ${handle.id}`);
    if (state === "stuck") throw new Error(`operation ${handle.id} is stuck for ever`, { cause: error });
    const now = await this.#read(server.id);
    const before = server.state;
    const wanted = wantedAfter(action, before, state);
    if (!crowded && !server.shaken && !wanted.includes(now.state))
      throw new Error(`${server.id} is ${now.state} after ${action} ${state}, not ${wanted.join(" or ")}`, {
        cause: error,
      });
    this.#note(server, now, action, state);
    server.shaken ||= state === "failed";
    if (now.state === "deleted") this.#parts.servers.delete(server.slot);
    if (action === "snapshot" && state === "succeeded") {
      await ended(fleet, [(await fleet.ops.images.delete(handle.resourceId)).id]);
    }
  }

  /** Gives an operation up where it is stuck, and deletes its server: nothing may be left of it then. */
  async #giveUp(operationId: string, server: ModelServer): Promise<void> {
    const { fleet, servers, tally } = this.#parts;
    await fleet.ops.operations.abandon(operationId, { reason: "a random action" });
    tally.abandoned += 1;
    tally.tell(`  ${operationId} of ${server.slot}: abandoned`);
    await ended(fleet, [(await fleet.ops.servers.delete(server.id, { restoreMs: 0 })).id]);
    server.state = "deleted";
    servers.delete(server.slot);
  }

  #note(server: ModelServer, now: Found, action: AskedAction, state: string): void {
    if (now.state === "resized" && action === "resize" && state === "succeeded")
      server.resizedFrom = { flavor: server.flavor, host: server.host };
    else if (now.state !== "resized") server.resizedFrom = null;
    if (now.state !== "softDeleted") server.shelved = now.state === "shelved";
    server.state = now.state;
    server.flavor = now.flavor as FlavorName;
    server.host = now.host;
    server.dataDisks = now.dataDisks.map(({ id }) => id);
    server.addresses = now.addresses.map(({ address }) => address);
  }

  /** What hosts say of a guest that no operation has is its server's state by now. */
  async followDrift(server: ModelServer): Promise<void> {
    const { state } = await this.#read(server.id);
    if (state !== server.state && !drifted.includes(state))
      throw new Error(`${server.id} is ${state} after what has failed, and was ${server.state}`);
    server.state = state;
    server.shaken = false;
  }

  async #read(id: string): Promise<Found> {
    try {
      return await this.#parts.fleet.ops.servers.get(id);
    } catch (error) {
      if (!isCloudHostError(error, "NOT_FOUND")) throw error;
      return { state: "deleted", flavor: "small", host: null, dataDisks: [], addresses: [] };
    }
  }
}

/** Every other server whose creation or deletion is stuck; what else is given up may leave a guest on a second host. */
const canBeGivenUp = (action: AskedAction, { slot }: ModelServer): boolean =>
  (action === "create" || action === "delete") && slot % 2 === 0;
