import type { HostBinding } from "@cloudhost/core/ports";
import { antiSpoofingProgram } from "../bpf/anti-spoofing.ts";
import { everythingProgram, internalTrafficProgram } from "../bpf/internal-traffic.ts";
import { treeDevice } from "../shaping/trees.ts";
import type { HostModel } from "../model.ts";

/** One BPF filter at a tap. */
export interface GuardFilter {
  /** Its place in the order. */
  readonly priority: number;
  /** As `tc` takes and prints it. */
  readonly bytecode: string;
  /** The device that matching packets make a detour through; `undefined`: the program's result is the verdict. */
  readonly redirect: string | undefined;
}

/** What stands at the taps between guests and host. */
export interface GuardState {
  /** What guests send: each guarded tap's own program, which comes first, and the filters behind it as one text. */
  readonly ingress: ReadonlyMap<string, string>;
  /** What guests get: one list that all taps share; empty while there is no tap. */
  readonly egress: string;
}

/** The shared list's number: `ch`. */
export const egressBlock = 0x63_68;

/** The program that drops what the guest of this tap may not send: the first that its packets meet. */
export function guardProgram(port: GuardedPort): string {
  let program = programs.get(port);
  if (program === undefined) {
    program = antiSpoofingProgram(port.mac, port.address);
    programs.set(port, program);
  }
  return program;
}

/** Whose tap it is. */
type GuardedPort = Pick<HostBinding, "mac" | "address">;

/** A binding's program is asked for at each apply and never changes. */
const programs = new WeakMap<GuardedPort, string>();

/** Behind a tap's program: internal and other traffic go through the trees of their networks. */
export const ingressFilters = (model: HostModel): readonly GuardFilter[] => detours(model, "out", 2);

/** What guests get. Priorities of their own tell them from the ingress where both are listed together. */
export const egressFilters = (model: HostModel): readonly GuardFilter[] => detours(model, "in", 11);

function detours(model: HostModel, direction: "out" | "in", first: number): readonly GuardFilter[] {
  if (model.capacity === undefined) return [];
  const internal = internalTrafficProgram(direction, model.internalNetworks);
  return [
    { priority: first, bytecode: internal, redirect: treeDevice("internal", direction) },
    { priority: first + 1, bytecode: everythingProgram, redirect: treeDevice("external", direction) },
  ];
}

/** The guards that a model asks for. */
export function wantedGuards(model: HostModel): GuardState {
  const rest = guardText(ingressFilters(model));
  return {
    ingress: new Map(Array.from(model.ports.values(), (port) => [guardProgram(port), rest])),
    egress: model.ports.size === 0 ? "" : guardText(egressFilters(model)),
  };
}

/** Filters as one text, to be compared. */
export const guardText = (filters: readonly GuardFilter[]): string =>
  filters.map(({ priority, bytecode, redirect }) => `${priority} ${bytecode} ${redirect ?? "verdict"}`).join("\n");
