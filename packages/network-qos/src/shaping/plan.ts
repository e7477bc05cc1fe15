import { addFilterLine, deleteFilterLine, tableLines } from "./filters.ts";
import { noTree } from "./state.ts";
import { treesOf } from "./trees.ts";
import type { HostModel } from "../model.ts";
import type { ClassFilter } from "./filters.ts";
import type { Shape, ShapingState, TreeState } from "./state.ts";
import type { Tree } from "./trees.ts";

/**
 * The lines of one `tc -batch` that make the trees carry exactly what is wanted, given what they carry. Pure; nothing
 * to change is an empty plan.
 */
export const planShaping = (model: HostModel, present: ShapingState, wanted: ShapingState): string[] =>
  treesOf(model).flatMap((tree) =>
    planTree(tree, model.fairQueues, present.get(tree.device) ?? noTree, wanted.get(tree.device) ?? noTree),
  );

function planTree(tree: Tree, fairQueues: boolean, found: TreeState, wanted: TreeState): string[] {
  const root = wanted.rootKbit;
  if (root === undefined) return [];
  const lines: string[] = [];
  const present = found.rootKbit === undefined ? noTree : found;
  if (present.rootKbit === undefined) lines.push(...rootLines(tree, root));
  else if (!near(present.rootKbit, root)) lines.push(rootClassLine("replace", tree, root));
  // A filter holds the class that it points to: it comes after it and goes before it.
  for (const [handle] of filtersNotIn(present.filters, wanted.filters)) lines.push(deleteFilterLine(tree, handle));
  lines.push(...classLines(tree, fairQueues, present.classes, wanted.classes));
  for (const [handle, filter] of filtersNotIn(wanted.filters, present.filters)) {
    lines.push(addFilterLine(tree, handle, filter));
  }
  return lines;
}

/** Minor numbers below those of servers. */
const rootMinor = "1";
const defaultMinor = "f";
/** Guaranteed to what is no server's: the host's own ARP. */
const defaultRateKbit = 64;

/**
 * The tree without servers. Whatever stood there goes first: a root that is half made cannot be told from a whole one
 * by tc's `replace`. What no filter knows is the host's ARP on the internal network; on the external one it is traffic
 * of servers that bought none, and is dropped by a queue of no length.
 */
function rootLines(tree: Tree, root: number): string[] {
  const { device, major } = tree;
  const child = `${major}:${defaultMinor}`;
  return [
    `qdisc replace dev ${device} root pfifo`,
    `qdisc replace dev ${device} root handle ${major}: htb default ${defaultMinor}`,
    rootClassLine("add", tree, root),
    `class add dev ${device} parent ${major}:${rootMinor} classid ${child} htb ${htb({ rateKbit: defaultRateKbit, ceilKbit: Math.max(root, defaultRateKbit) })}`,
    `qdisc add dev ${device} parent ${child} handle ${defaultMinor}: bfifo limit ${tree.network === "internal" ? queueBytes(defaultRateKbit) : 0}`,
    ...tableLines(tree),
  ];
}

const rootClassLine = (verb: "add" | "replace", { device, major }: Tree, root: number): string =>
  `class ${verb} dev ${device} parent ${major}: classid ${major}:${rootMinor} htb ${htb({ rateKbit: root, ceilKbit: root })}`;

/** Filters of the one that the other has not, or has otherwise. */
const filtersNotIn = (
  filters: ReadonlyMap<string, ClassFilter>,
  others: ReadonlyMap<string, ClassFilter>,
): readonly [handle: string, filter: ClassFilter][] =>
  [...filters].filter(([handle, { mac, classId }]) => {
    const other = others.get(handle);
    return other?.mac !== mac || other.classId !== classId;
  });

/** A queue before its class where the class is there: then a class with its new rate has its new queue as well. */
function classLines(
  { device, major }: Tree,
  fairQueues: boolean,
  present: ReadonlyMap<number, Shape>,
  wanted: ReadonlyMap<number, Shape>,
): string[] {
  const lines: string[] = [];
  for (const classId of present.keys()) {
    if (!wanted.has(classId)) lines.push(`class del dev ${device} classid ${major}:${hex(classId)}`);
  }
  for (const [classId, shape] of wanted) {
    const found = present.get(classId);
    if (sameShape(found, shape)) continue;
    const id = hex(classId);
    const makeClass = `class replace dev ${device} parent ${major}:${rootMinor} classid ${major}:${id} htb ${htb(shape)}`;
    const makeQueue = `qdisc replace dev ${device} parent ${major}:${id} handle ${id}: ${queue(fairQueues, shape.rateKbit)}`;
    lines.push(...(found === undefined ? [makeClass, makeQueue] : [makeQueue, makeClass]));
  }
  return lines;
}

/** tc's own default burst errs by 10 to 26 % at these rates; 10 ms worth errs by at most 1.5 %. */
const burstBytes = (kbit: number): number =>
  Math.min(Math.max(65_536, bytesIn(kbit, 10)), bytesIn(kbit, longestBurstMs));
/** The kernel counts a burst's time in 32 bits of 64 ns; below 2 kbit/s 64 KiB would overflow them. */
const longestBurstMs = 200_000;

/** Spare bandwidth is shared in proportion to the rates, between one packet and HTB's own limit. */
const quantumBytes = (rateKbit: number): number => Math.min(60_000, Math.max(1_514, Math.round(rateKbit / 8)));

/** One packet of segmentation offload with the headers of all its segments: no queue may be shorter. */
const offloadedPacketBytes = 75_000;
const queueBytes = (rateKbit: number): number => Math.max(offloadedPacketBytes, bytesIn(rateKbit, 25));

/** A server's own queue: short flows get past its long ones, or at least no packet waits longer than 25 ms of rate. */
const queue = (fairQueues: boolean, rateKbit: number): string =>
  fairQueues ? "fq_codel limit 1024 flows 128" : `bfifo limit ${queueBytes(rateKbit)}`;

const bytesIn = (kbit: number, ms: number): number => Math.ceil((kbit * ms) / 8);

const htb = ({ rateKbit, ceilKbit }: Pick<Shape, "rateKbit" | "ceilKbit">): string =>
  [
    `rate ${rateKbit}kbit burst ${burstBytes(rateKbit)}`,
    `ceil ${ceilKbit}kbit cburst ${burstBytes(ceilKbit)}`,
    `quantum ${quantumBytes(rateKbit)}`,
  ].join(" ");

/** tc prints rates rounded: a difference under 0.1 % is none. */
const near = (found: number, wanted: number): boolean => Math.abs(found - wanted) <= wanted / 1000;

const sameShape = (found: Shape | undefined, wanted: Shape): boolean =>
  found !== undefined &&
  found.queueless !== true &&
  near(found.rateKbit, wanted.rateKbit) &&
  near(found.ceilKbit, wanted.ceilKbit);

const hex = (number: number): string => number.toString(16);
