import { isCloudHostError } from "@cloudhost/core";
import type { Disturber } from "./disturber.ts";
import type { ActionFleet } from "./fleet.ts";
import { actors, flavorNames } from "./model.ts";
import type { ModelServer } from "./model.ts";
import { pickOf, slots } from "./plan.ts";
import type { PlannedAction } from "./plan.ts";
import type { Accepted } from "./settlement.ts";
import type { ActionTally } from "./tally.ts";

/** What {@link Creations} works with. */
export interface CreationsParts {
  readonly fleet: ActionFleet;
  readonly tally: ActionTally;
  readonly disturber: Disturber;
  /** The servers of the model, by their slots. */
  readonly servers: Map<number, ModelServer>;
}

/** Asks for servers in the slots that have none. */
export class Creations {
  readonly #parts: CreationsParts;
  /** Slots of servers that are being created in this round. */
  readonly #taken = new Set<number>();

  constructor(parts: CreationsParts) {
    this.#parts = parts;
  }

  /** A round begins. */
  begin(): void {
    this.#taken.clear();
  }

  /** Asks for one server or three; where that is refused, it must be for a reason that the model knows. */
  async create(planned: PlannedAction): Promise<readonly Accepted[]> {
    const { disturber, fleet, tally } = this.#parts;
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
    const { servers } = fleet.as(actor, planned.process);
    try {
      const handles =
        count === 1 ? [await servers.create(asked)] : await servers.create({ ...asked, count, allOrNothing: true });
      tally.allowed("create", said);
      if (project === undefined || disturber.suspended.has(project)) throw new Error(`${said} was allowed`);
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
        this.#parts.servers.set(server.slot, server);
        return { handle, server, action: "create" as const };
      });
    } catch (error) {
      if (!isCloudHostError(error)) throw error;
      tally.refused("create", error.code, said);
      const suspended = project !== undefined && disturber.suspended.has(project);
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
      .filter((one, index, all) => all.indexOf(one) === index && !this.#parts.servers.has(one) && !this.#taken.has(one))
      .slice(0, count);
    for (const one of free) this.#taken.add(one);
    return free;
  }
}
