import { filterHandle } from "./filters.ts";
import { rootKbit, treesOf } from "./trees.ts";
import type { HostModel } from "../model.ts";
import type { ClassFilter } from "./filters.ts";
import type { Tree } from "./trees.ts";

/** One direction of one server's traffic to one network. */
export interface Shape {
  /** Guaranteed. */
  readonly rateKbit: number;
  /** What it may reach while others leave room; at least {@link rateKbit}. */
  readonly ceilKbit: number;
  /** That no queue of ours hangs from the class. */
  readonly queueless?: boolean;
}

/** What a tree carries. */
export interface TreeState {
  /** `undefined`: the root and what belongs to it is not whole. */
  readonly rootKbit: number | undefined;
  /** Servers' classes by minor number. */
  readonly classes: ReadonlyMap<number, Shape>;
  /** Which class a guest's MAC goes to, by the filter's handle. */
  readonly filters: ReadonlyMap<string, ClassFilter>;
}

/** Trees by their device. */
export type ShapingState = ReadonlyMap<string, TreeState>;

/** A tree that is not there. */
export const noTree: TreeState = { rootKbit: undefined, classes: new Map(), filters: new Map() };

/** The trees that a model asks for. */
export function wantedShaping(model: HostModel): ShapingState {
  const { capacity } = model;
  if (capacity === undefined) return new Map();
  return new Map(treesOf(model).map((tree) => [tree.device, wantedTree(tree, rootKbit(tree, capacity), model)]));
}

function wantedTree(tree: Tree, root: number, model: HostModel): TreeState {
  const classes = new Map<number, Shape>();
  const filters = new Map<string, ClassFilter>();
  for (const port of model.ports.values()) {
    const { classId, mac, [tree.network]: bandwidth } = port;
    if (bandwidth === null) continue;
    classes.set(classId, bandwidth);
    filters.set(filterHandle(mac, classId), port);
  }
  // A class of rate 0 cannot be: a host with nothing to give still has a root.
  return { rootKbit: Math.max(1, root), classes, filters };
}
