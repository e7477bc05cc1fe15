import type { HostModel, NetworkCapacity } from "../model.ts";

/** One tree of HTB classes: one direction of one network. */
export interface Tree {
  readonly network: "internal" | "external";
  /** `out`: what servers send; `in`: what they get. */
  readonly direction: "out" | "in";
  /** The device that the taps' packets make a detour through. */
  readonly device: string;
  /** Major number of its classes, another for each tree, so that a class says which tree it is of. */
  readonly major: number;
}

const trees: readonly Tree[] = [
  { network: "internal", direction: "out", device: "ch-int-out", major: 1 },
  { network: "internal", direction: "in", device: "ch-int-in", major: 2 },
  { network: "external", direction: "out", device: "ch-ext-out", major: 3 },
  { network: "external", direction: "in", device: "ch-ext-in", major: 4 },
];

/** The device of a network's direction. */
export const treeDevice = (network: Tree["network"], direction: Tree["direction"]): string =>
  network === "internal" ? `ch-int-${direction}` : `ch-ext-${direction}`;

/** Names of all trees' devices. */
export const treeDevices: ReadonlySet<string> = new Set(trees.map(({ device }) => device));

/** The trees of a model: none where nothing is shaped. */
export const treesOf = (model: Pick<HostModel, "capacity">): readonly Tree[] =>
  model.capacity === undefined ? [] : trees;

/** What all servers together may have of a tree, in kbit/s. */
export const rootKbit = (tree: Tree, capacity: NetworkCapacity): number =>
  tree.network === "internal" ? capacity.internalKbit : capacity.externalKbit;
