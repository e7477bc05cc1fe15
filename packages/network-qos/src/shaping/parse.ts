import { tableCount } from "./filters.ts";
import { noTree } from "./state.ts";
import { treesOf } from "./trees.ts";
import type { HostModel } from "../model.ts";
import type { ClassFilter } from "./filters.ts";
import type { Shape, ShapingState, TreeState } from "./state.ts";

/** The lines of one `tc -batch` that show the trees; what is not there shows nothing. */
export const shapingQueries = (model: Pick<HostModel, "capacity">): readonly string[] =>
  treesOf(model).flatMap(({ device }) => [`class show dev ${device}`, `filter show dev ${device}`]);

/**
 * The trees in the output of those lines, told apart by their major numbers. What is not understood counts as absent,
 * and is written again.
 */
export function parseShaping(model: Pick<HostModel, "capacity">, text: string): ShapingState {
  const trees = new Map<string, TreeParts>();
  for (const shown of text.split(/\n(?=\S)/)) {
    const [line = "", ...keys] = shown.split("\n");
    const classFound = classLine.exec(line);
    if (classFound !== null) addClass(partsOf(trees, classFound[1]), classFound);
    const filterFound = filterLine.exec(line);
    if (filterFound !== null) addFilter(partsOf(trees, filterFound[1]), line, keys);
  }
  return new Map(treesOf(model).map(({ device, major }) => [device, treeOf(trees.get(major.toString(16)))]));
}

interface TreeParts {
  rootKbit: number | undefined;
  defaultQueue: boolean;
  tables: number;
  readonly classes: Map<number, Shape>;
  readonly filters: Map<string, ClassFilter>;
}

function partsOf(trees: Map<string, TreeParts>, major = ""): TreeParts {
  let parts = trees.get(major);
  if (parts === undefined) {
    parts = { rootKbit: undefined, defaultQueue: false, tables: 0, classes: new Map(), filters: new Map() };
    trees.set(major, parts);
  }
  return parts;
}

/** A tree whose own parts are not all there is made anew. */
function treeOf(parts: TreeParts | undefined): TreeState {
  if (parts?.rootKbit === undefined || !parts.defaultQueue || parts.tables < tableCount) return noTree;
  return { rootKbit: parts.rootKbit, classes: parts.classes, filters: parts.filters };
}

/** `class htb 1:101 parent 1:1 leaf 101: prio 0 rate 10Mbit ceil 20Mbit burst …` */
const classLine = /^class htb ([0-9a-f]+):([0-9a-f]+) (.*?)\brate (\S+) ceil (\S+) /;

function addClass(parts: TreeParts, [, , minor = "", place = "", rate = "", ceil = ""]: RegExpExecArray): void {
  const rateKbit = kbitOf(rate);
  const ceilKbit = kbitOf(ceil);
  if (rateKbit === undefined || ceilKbit === undefined) return;
  const classId = Number.parseInt(minor, 16);
  const queueless = !place.includes("leaf ");
  if (classId === 1) parts.rootKbit = rateKbit;
  else if (classId === 0xf) parts.defaultQueue = !queueless;
  else parts.classes.set(classId, { rateKbit, ceilKbit, queueless });
}

/** `filter parent 1: protocol all pref 1 u32 chain 0 fh 1:11:66 order 102 key ht 1 bkt 11 *flowid 1:101 …` */
const filterLine = /^filter parent ([0-9a-f]+): .*\bu32\b/;

/** Of one that is not as we make them the MAC is empty: it is found wrong and taken away. */
function addFilter(parts: TreeParts, line: string, keys: readonly string[]): void {
  if (/ link \w+:/.test(line)) parts.tables += 1;
  const [, handle, minor] = / fh (\S+) .*flowid \w+:(\w+)/.exec(line) ?? [];
  if (handle === undefined || minor === undefined) return;
  parts.filters.set(handle, { mac: macOf(keys), classId: Number.parseInt(minor, 16) });
}

/** The MAC in `match 02000000/ffffffff at -8` and `match 00110000/ffff0000 at -4`, or as a destination in -16, -12. */
function macOf(keys: readonly string[]): string {
  const [first, second] = keys.flatMap((key) => {
    const [, value, offset] = /^ {2}match ([0-9a-f]{8})\/[0-9a-f]{8} at (-\d+)/.exec(key) ?? [];
    return value === undefined ? [] : [{ value, offset }];
  });
  if (first === undefined || second === undefined) return "";
  const source = first.offset === "-8" && second.offset === "-4";
  const digits = source ? first.value + second.value.slice(0, 4) : first.value.slice(4) + second.value;
  return digits.match(/../g)?.join(":") ?? "";
}

const kbitIn: Readonly<Record<string, number>> = { bit: 0.001, Kbit: 1, Mbit: 1e3, Gbit: 1e6, Tbit: 1e9 };

/** Reads tc's rates: `64Kbit`, `10Mbit`, `1500bit`. */
function kbitOf(rate: string): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)([KMGT]?bit)$/.exec(rate) ?? [];
  const factor = kbitIn[unit];
  return factor === undefined ? undefined : Number(number) * factor;
}
