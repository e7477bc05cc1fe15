import { isCloudHostError, serverActions } from "@cloudhost/core";
import type { OperationHandle, ServerActionName, ServerActionRule } from "@cloudhost/core";
import { checkCloud } from "../checker/checker.ts";
import { calls } from "./calls.ts";
import { checkAtRest } from "./check-at-rest.ts";
import { Creations } from "./creations.ts";
import { Disturber } from "./disturber.ts";
import { ended } from "./ends.ts";
import { actorFor, fits, noteAside } from "./expectations.ts";
import { ActionFleet } from "./fleet.ts";
import { actors, expectedOf, onHost } from "./model.ts";
import type { ModelServer } from "./model.ts";
import { pickOf, planRounds } from "./plan.ts";
import type { PlannedAction, Round } from "./plan.ts";
import { Settlement } from "./settlement.ts";
import type { Accepted } from "./settlement.ts";
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

class ActionRunner {
  readonly tally = new ActionTally();
  readonly #fleet: ActionFleet;
  readonly #disturber: Disturber;
  readonly #servers = new Map<number, ModelServer>();
  readonly #creations: Creations;
  readonly #settlement: Settlement;
  /** Servers of this round, and how many locks of each were put on or taken away. */
  readonly #lockings = new Map<ModelServer, number>();

  constructor(fleet: ActionFleet) {
    this.#fleet = fleet;
    this.#disturber = new Disturber(fleet);
    const { tally } = this;
    this.#creations = new Creations({ fleet, tally, servers: this.#servers, disturber: this.#disturber });
    this.#settlement = new Settlement({ fleet, tally, servers: this.#servers });
  }

  /** Asks for a round's actions at once, and waits until all of them have ended. */
  async round({ actions: planned, disturbance }: Round): Promise<void> {
    this.tally.tell(`-- ${JSON.stringify(disturbance)}`);
    this.#creations.begin();
    this.#lockings.clear();
    await this.#disturber.begin(disturbance);
    const actions = [...planned, ...this.#evacuations(planned)];
    const crowded = new Set(actions.map(({ slot }) => slot).filter((slot, index, all) => all.indexOf(slot) !== index));
    const accepted = (await Promise.all(actions.map((action) => this.#ask(action, crowded.has(action.slot))))).flat();
    await this.#disturber.middle(disturbance);
    const ids = accepted.map(({ handle }) => handle.id);
    await ended(this.#fleet, ids, (seconds) => this.#disturber.late(seconds));
    const { fenced } = this.#disturber;
    await this.#disturber.end(disturbance);
    for (const one of accepted) await this.#settlement.settle(one, crowded.has(one.server.slot));
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
    for (const server of this.#servers.values()) if (server.shaken) await this.#settlement.followDrift(server);
    const differences = await checkAtRest(this.#fleet, [...this.#servers.values()]);
    if (differences.length > 0) throw new Error(differences.join("\n"));
  }

  async #ask(planned: PlannedAction, crowded: boolean): Promise<readonly Accepted[]> {
    const server = this.#servers.get(planned.slot);
    if (server === undefined) return this.#creations.create(planned);
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

  async #cancel(handle: OperationHandle<unknown>): Promise<void> {
    try {
      await this.#fleet.ops.operations.cancel(handle.id);
    } catch (error) {
      if (!isCloudHostError(error, "CONFLICT")) throw error;
    }
  }
}
