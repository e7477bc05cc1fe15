/** Who asks: members and an admin of two projects, and those who act in none. */
export const actorNames = ["amy", "ada", "max", "olga", "audrey"] as const;
export type ActorName = (typeof actorNames)[number];

/** One action to be: what it is, is decided by what its slot's server is by then. */
export interface PlannedAction {
  /** Which server, counted from 0. */
  readonly slot: number;
  readonly actor: ActorName;
  /** 0 to 1: picks among the actions, and among what an action leaves open. */
  readonly pick: number;
  readonly detail: number;
  /** Whether it is picked among those that the server's state allows, or among all. */
  readonly likely: boolean;
  /** Whether who acts in another project leaves it to a member of the server's. */
  readonly own: boolean;
  /** Whether its operation is cancelled as soon as it is accepted. */
  readonly cancelled: boolean;
  /** Through which of the two processes it is asked for. */
  readonly process: 0 | 1;
}

/** What goes wrong while the actions of a round are under way. */
export type Disturbance =
  | { readonly kind: "none" }
  /** Calls of a driver fail, or do their work and then fail. */
  | {
      readonly kind: "driver";
      readonly host: number;
      readonly method: DisturbedMethod;
      readonly how: "fail" | "crash";
      readonly final: boolean;
      readonly times: number;
    }
  /** A host answers nothing for a while. */
  | { readonly kind: "unplugged host"; readonly host: number }
  /** One of the processes stops, its hosts with it, and is started again. */
  | { readonly kind: "stopped process" }
  | { readonly kind: "suspended project"; readonly project: number }
  | { readonly kind: "small quota"; readonly project: number; readonly servers: number }
  | { readonly kind: "disabled host"; readonly host: number }
  /** A host loses its power and is fenced; later it comes back. */
  | { readonly kind: "dead host"; readonly host: number };

const methods = ["define", "start", "stop", "remove", "reboot", "change", "network.apply", "freezeDisk"] as const;
export type DisturbedMethod = (typeof methods)[number];

/** Actions that are asked for at once, and what goes wrong meanwhile. */
export interface Round {
  readonly actions: readonly PlannedAction[];
  readonly disturbance: Disturbance;
}

/** Slots of servers, hosts and projects. */
export const slots = 20;
export const hostCount = 4;
export const projectNames = ["album", "mail"] as const;

/** So many actions at once at the most. */
const atOnceMost = 8;

/** Which actions are asked for, and what goes wrong: of the seed alone, so that the same seed repeats a run. */
export function planRounds(seed: number, actions: number): readonly Round[] {
  const random = seeded(seed);
  const upTo = (count: number): number => Math.floor(random() * count);
  const rounds: Round[] = [];
  for (let left = actions; left > 0;) {
    const count = Math.min(left, 1 + upTo(atOnceMost));
    left -= count;
    const planned = Array.from({ length: count }, (): PlannedAction => ({
      slot: upTo(slots),
      actor: pickOf(random(), [...actorNames, "amy", "max", "max", "olga"]),
      pick: random(),
      detail: random(),
      likely: random() < 0.75,
      own: random() < 0.8,
      cancelled: random() < 0.05,
      process: upTo(2) as 0 | 1,
    }));
    rounds.push({ actions: planned, disturbance: disturbanceOf(random) });
  }
  return rounds;
}

function disturbanceOf(random: () => number): Disturbance {
  const upTo = (count: number): number => Math.floor(random() * count);
  const chance = random();
  if (chance < 0.25) {
    const method = pickOf(random(), methods);
    const how = random() < 0.5 ? "fail" : "crash";
    return { kind: "driver", host: upTo(hostCount), method, how, final: random() < 0.5, times: 1 + upTo(12) };
  }
  if (chance < 0.3) return { kind: "unplugged host", host: upTo(hostCount) };
  if (chance < 0.32) return { kind: "stopped process" };
  if (chance < 0.37) return { kind: "suspended project", project: upTo(projectNames.length) };
  if (chance < 0.45) return { kind: "small quota", project: upTo(projectNames.length), servers: upTo(12) };
  if (chance < 0.5) return { kind: "disabled host", host: upTo(hostCount) };
  if (chance < 0.55) return { kind: "dead host", host: upTo(hostCount) };
  return { kind: "none" };
}

/** The one of a list that a number of 0 to 1 picks. */
export function pickOf<Item>(pick: number, items: readonly Item[]): Item {
  const item = items[Math.min(items.length - 1, Math.floor(pick * items.length))];
  if (item === undefined) throw new Error("There is nothing to pick from.");
  return item;
}

/** Numbers of 0 to 1 that are the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
