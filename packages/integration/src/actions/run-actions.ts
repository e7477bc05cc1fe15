import { isCloudHostError, serverActions } from "@cloudhost/core";
import type { OperationHandle, Server, ServerActionName, ServerActionRule } from "@cloudhost/core";
import { checkCloud } from "../checker/checker.ts";
import { calls } from "./calls.ts";
import { checkAtRest } from "./check-at-rest.ts";
import { Disturber } from "./disturber.ts";
import { ended, stateOf } from "./ends.ts";
import { actorFor, drifted, fits, noteAside, wantedAfter } from "./expectations.ts";
import type { AskedAction } from "./expectations.ts";
import { ActionFleet } from "./fleet.ts";
import { actors, expectedOf, flavorNames, onHost } from "./model.ts";
import type { FlavorName, ModelServer } from "./model.ts";
import { pickOf, planRounds, slots } from "./plan.ts";
import type { PlannedAction, Round } from "./plan.ts";
import { ActionTally } from "./tally.ts";

/** A run of random actions. */
export interface ActionRun {
  readonly seed: number;
  /** How many are asked for. */
  readonly actions: number;
  /** A folder of this run alone. */
  readonly folder: string;
  /** `sqlite:…` or `postgres://…`, empty. */
  readonly database: string;
}

/** All is compared after so many rounds. */
const roundsBetweenChecks = 12;

/** An operation that was accepted, and what it was asked of. */
interface Accepted {
  readonly handle: OperationHandle<unknown>;
  readonly server: ModelServer;
  readonly action: AskedAction;
}

/**
 * Asks for random actions by several actors, some at once and some while things go wrong, and compares the cloud with a
 * simple model: whether each is allowed, how each ends, and what is used then.
 * @throws Error with the seed and the last actions, where they differ
 */
export async function runActions(run: ActionRun): Promise<ActionTally> {
  await using fleet = await ActionFleet.open(run.seed, run.folder, run.database);
  const runner = new ActionRunner(fleet);
  const rounds = planRounds(run.seed, run.actions);
  let at = 0;
  try {
    for (const round of rounds) {
      at += 1;
      await runner.round(round);
      if (at % roundsBetweenChecks === 0 || at === rounds.length) await runner.check();
    }
    await fleet[Symbol.asyncDispose]();
    const findings = await checkCloud(fleet.places);
    if (findings.length > 0) throw new Error(findings.map(({ kind, what }) => `${kind}: ${what}`).join("\n"));
    return runner.tally;
  } catch (error) {
    throw new Error(runner.tally.story(run.seed, `round ${at} of ${rounds.length}`, error), { cause: error });
  }
}

/** What the model learns of a server once an operation has ended. */
type Found = Pick<Server, "state" | "flavor" | "host" | "dataDisks" | "addresses">;

class ActionRunner {
  readonly tally = new ActionTally();
  readonly #fleet: ActionFleet;
  readonly #disturber: Disturber;
  readonly #servers = new Map<number, ModelServer>();
  /** Slots of servers that are being created in this round. */
  readonly #taken = new Set<number>();
  /** Servers of this round, and how many locks of each were put on or taken away. */
  readonly #lockings = new Map<ModelServer, number>();

  constructor(fleet: ActionFleet) {
    this.#fleet = fleet;
    this.#disturber = new Disturber(fleet);
  }

  /** Asks for a round's actions at once, and waits until all of them have ended. */
  async round({ actions: planned, disturbance }: Round): Promise<void> {
    this.tally.tell(`-- ${JSON.stringify(disturbance)}`);
    this.#taken.clear();
    this.#lockings.clear();
    await this.#disturber.begin(disturbance, [...this.#servers.values()]);
    const actions = [...planned, ...this.#evacuations(planned)];
    const crowded = new Set(actions.map(({ slot }) => slot).filter((slot, index, all) => all.indexOf(slot) !== index));
    const accepted = (await Promise.all(actions.map((action) => this.#ask(action, crowded.has(action.slot))))).flat();
    await this.#disturber.middle(disturbance);
    const ids = accepted.map(({ handle }) => handle.id);
    await ended(this.#fleet, ids, (seconds) => this.#disturber.late(seconds));
    const { fenced } = this.#disturber;
    await this.#disturber.end(disturbance);
    for (const one of accepted) await this.#settle(one, crowded.has(one.server.slot));
    // Of those that came back with it, a paused one has lost its memory.
    for (const server of this.#servers.values()) server.shaken ||= onHost(server, fenced);
    await this.#unlockContested();
  }

  /** Of what is on a dead host, every other server is evacuated, besides what is planned. */
  #evacuations(planned: readonly PlannedAction[]): readonly PlannedAction[] {
    const [pattern] = planned;
    const dead = [...this.#servers.values()].filter((server) => onHost(server, this.#disturber.fenced));
    return dead
      .filter(({ slot }, index) => index % 2 === 0 && !planned.some((one) => one.slot === slot))
      .flatMap(({ slot }) => (pattern === undefined ? [] : [{ ...pattern, slot, actor: "olga" as const }]));
  }

  /** Of those that were locked and unlocked at once, nobody knows in which order: an operator unlocks them. */
  async #unlockContested(): Promise<void> {
    for (const [server, times] of this.#lockings) {
      if (times < 2 || server.state === "deleted") continue;
      const { from }: ServerActionRule = serverActions.unlock;
      if (from.includes(server.state)) await this.#fleet.ops.servers.unlock(server.id);
      // One that can be restored keeps its lock until then, whoever's it is.
      else if ((await this.#fleet.ops.servers.get(server.id)).locked) continue;
      server.locked = null;
    }
  }

  /** Compares everything, once nothing is under way. */
  async check(): Promise<void> {
    this.tally.tell("-- everything is compared");
    await this.#fleet.clock.advance({ seconds: 65 });
    for (const server of this.#servers.values()) if (server.shaken) await this.#followDrift(server);
    const differences = await checkAtRest(this.#fleet, [...this.#servers.values()]);
    if (differences.length > 0) throw new Error(differences.join("\n"));
  }

  async #ask(planned: PlannedAction, crowded: boolean): Promise<readonly Accepted[]> {
    const server = this.#servers.get(planned.slot);
    if (server === undefined) return this.#create(planned);
    const { fenced, suspended } = this.#disturber;
    const action = onHost(server, fenced) ? "evacuate" : this.#actionFor(planned, server);
    const actor = actorFor(planned, server);
    const expected = expectedOf(action, server, actor, { fenced, suspended });
    const cloud = this.#fleet.as(actor, planned.process);
    const said = `${actor} ${action} ${server.slot} (${server.state})`;
    // An operator acts in no project, and is refused by the quota of the server's where that is suspended.
    const halted = actors[actor].projectId === undefined && suspended.has(server.project);
    const sure = !crowded && !server.shaken && !halted;
    try {
      const handle = await calls[action]({
        cloud,
        server: server.id,
        detail: planned.detail,
        dataDisks: server.dataDisks,
        addresses: server.addresses,
      });
      this.tally.allowed(action, said);
      if (expected !== "allowed" && sure) throw new Error(`${said} was allowed, not ${expected}`);
      noteAside(action, server, actor);
      if (action === "lock" || action === "unlock") this.#lockings.set(server, (this.#lockings.get(server) ?? 0) + 1);
      if (handle === undefined) return [];
      if (planned.cancelled) await this.#cancel(handle);
      return [{ handle, server, action }];
    } catch (error) {
      if (!isCloudHostError(error)) throw error;
      this.tally.refused(action, error.code, said);
      if (sure && !fits(expected, error)) throw new Error(`${said} was refused, not ${expected}`, { cause: error });
      return [];
    }
  }

  #actionFor({ likely, pick }: PlannedAction, { state }: ModelServer): ServerActionName {
    const names = Object.keys(serverActions) as ServerActionName[];
    const fitting = names.filter((name) => {
      const { from }: ServerActionRule = serverActions[name];
      return from.includes(state);
    });
    return pickOf(pick, likely && fitting.length > 0 ? fitting : names);
  }

  async #create(planned: PlannedAction): Promise<readonly Accepted[]> {
    const { actor, detail, pick, slot } = planned;
    const project = actors[actor].projectId;
    const flavor = pickOf(pick, flavorNames);
    const count = detail > 0.9 ? 3 : 1;
    const asked = {
      name: `s-${slot}`,
      flavor,
      image: "base",
      externalKbit: 1000 * Math.floor(10 * detail),
      ...(detail < 0.2 ? { zone: detail < 0.1 ? "az-1" : "az-2" } : {}),
      ...(detail > 0.3 && detail < 0.4 ? { group: detail < 0.35 ? "apart" : "close" } : {}),
    };
    const free = this.#freeSlots(slot, count);
    if (free.length < count) return [];
    const said = `${actor} create ${slot} ${JSON.stringify({ ...asked, count })}`;
    const { servers } = this.#fleet.as(actor, planned.process);
    try {
      const handles =
        count === 1 ? [await servers.create(asked)] : await servers.create({ ...asked, count, allOrNothing: true });
      this.tally.allowed("create", said);
      if (project === undefined || this.#disturber.suspended.has(project)) throw new Error(`${said} was allowed`);
      return handles.map((handle, index) => {
        const { externalKbit } = asked;
        const server: ModelServer = {
          id: handle.resourceId,
          slot: free[index] ?? slot,
          project,
          externalKbit,
          dataDisks: [],
          addresses: [],
          state: "building",
          shelved: false,
          flavor,
          host: null,
          locked: null,
          shaken: false,
          resizedFrom: null,
        };
        this.#servers.set(server.slot, server);
        return { handle, server, action: "create" as const };
      });
    } catch (error) {
      if (!isCloudHostError(error)) throw error;
      this.tally.refused("create", error.code, said);
      const suspended = project !== undefined && this.#disturber.suspended.has(project);
      const wanted = suspended
        ? ["CONFLICT"]
        : project === undefined
          ? ["FORBIDDEN", "INVALID_ARGUMENT"]
          : count > 1
            ? ["NO_VALID_HOST", "QUOTA_EXCEEDED", "EXHAUSTED"]
            : [];
      if (!wanted.includes(error.code)) throw new Error(`${said} was refused`, { cause: error });
      return [];
    }
  }

  /** The slot, and others that nobody plans with; the first may be taken in this round already. */
  #freeSlots(slot: number, count: number): readonly number[] {
    const free = [slot, ...Array.from({ length: slots }, (_, index) => index)]
      .filter((one, index, all) => all.indexOf(one) === index && !this.#servers.has(one) && !this.#taken.has(one))
      .slice(0, count);
    for (const one of free) this.#taken.add(one);
    return free;
  }

  async #cancel(handle: OperationHandle<unknown>): Promise<void> {
    try {
      await this.#fleet.ops.operations.cancel(handle.id);
    } catch (error) {
      if (!isCloudHostError(error, "CONFLICT")) throw error;
    }
  }

  /** Brings the model to how an operation has ended, and sees that it may end so. */
  async #settle({ handle, server, action }: Accepted, crowded: boolean): Promise<void> {
    const { operations } = this.#fleet.ops;
    if ((await stateOf(this.#fleet, handle.id)) === "stuck") {
      this.tally.stuck += 1;
      await operations.retry(handle.id);
      await ended(this.#fleet, [handle.id]);
    }
    const { error, state } = await operations.get(handle.id);
    this.tally.ended(action, state, error?.code, `${action} ${server.slot} ${handle.id}`);
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
    if (now.state === "deleted") this.#servers.delete(server.slot);
    if (action === "snapshot" && state === "succeeded") {
      await ended(this.#fleet, [(await this.#fleet.ops.images.delete(handle.resourceId)).id]);
    }
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
  async #followDrift(server: ModelServer): Promise<void> {
    const { state } = await this.#read(server.id);
    if (state !== server.state && !drifted.includes(state))
      throw new Error(`${server.id} is ${state} after what has failed, and was ${server.state}`);
    server.state = state;
    server.shaken = false;
  }

  async #read(id: string): Promise<Found> {
    try {
      return await this.#fleet.ops.servers.get(id);
    } catch (error) {
      if (!isCloudHostError(error, "NOT_FOUND")) throw error;
      return { state: "deleted", flavor: "small", host: null, dataDisks: [], addresses: [] };
    }
  }
}
