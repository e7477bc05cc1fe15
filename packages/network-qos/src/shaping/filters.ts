import { macNumbers } from "../addresses.ts";
import type { Tree } from "./trees.ts";

/**
 * Which class a packet goes to is looked up by the guest's MAC (the taps let no other through) in u32 hash tables on
 * its last byte: the cost does not grow with the servers, and ARP is found like IP. Not every kernel has the
 * classifiers that a newer design would take (fw, flower, matchall), and u32's own match by mark is accepted by some
 * and then matches everything.
 */
export interface ClassFilter {
  readonly mac: string;
  /** Minor number of the class. */
  readonly classId: number;
}

/** Filters that a bucket of a table can number: 1 to 0xfff. */
const filtersPerBucket = 0xfff;
/** So many tables number every class id. Nearly all packets find theirs in the first. */
export const tableCount = Math.ceil(0x1_00_00 / filtersPerBucket);

/**
 * Handle of a filter: table, bucket and number, from what it matches, so that nobody has to remember it. As tc prints
 * it: bucket 0 is left out.
 */
export function filterHandle(mac: string, classId: number): string {
  const table = 1 + Math.floor(classId / filtersPerBucket);
  const bucket = macNumbers(mac).lastByte;
  const number = 1 + (classId % filtersPerBucket);
  return `${hex(table)}:${bucket === 0 ? "" : hex(bucket)}:${hex(number)}`;
}

/** Where u32 finds the guest's MAC, in bytes from the IP header, and its last byte in the word at `hashAt`. */
const layouts = {
  /** The source's: 4 bytes, then 2. */
  out: { hashMask: "0x00ff0000", hashAt: -4 },
  /** The destination's: 2 bytes, then 4. */
  in: { hashMask: "0x000000ff", hashAt: -12 },
} as const;

/** Lines that make a tree's empty tables. */
export function tableLines({ device, major, direction }: Tree): string[] {
  const { hashMask, hashAt } = layouts[direction];
  const filter = `filter add dev ${device} parent ${major}: prio 1 protocol all`;
  return Array.from({ length: tableCount }, (_, index) => hex(index + 1)).flatMap((table) => [
    `${filter} handle ${table}: u32 divisor 256`,
    `${filter} u32 ht 800:: match u32 0 0 link ${table}: hashkey mask ${hashMask} at ${hashAt}`,
  ]);
}

/** The line that adds a filter. */
export function addFilterLine(tree: Tree, handle: string, { mac, classId }: ClassFilter): string {
  const bucket = handle.slice(0, handle.lastIndexOf(":"));
  return [
    `filter add dev ${tree.device} parent ${tree.major}: prio 1 protocol all handle ${handle} u32 ht ${bucket}:`,
    tree.direction === "out" ? sourceMatch(mac) : destinationMatch(mac),
    `flowid ${tree.major}:${hex(classId)}`,
  ].join(" ");
}

/** The line that takes a filter away. */
export const deleteFilterLine = ({ device, major }: Tree, handle: string): string =>
  `filter del dev ${device} parent ${major}: prio 1 protocol all handle ${handle} u32`;

function sourceMatch(mac: string): string {
  const { high, low } = macNumbers(mac);
  return `match u32 0x${hex(high)} 0xffffffff at -8 match u16 0x${hex(low)} 0xffff at -4`;
}

function destinationMatch(mac: string): string {
  const digits = mac.replaceAll(":", "");
  return `match u16 0x${digits.slice(0, 4)} 0xffff at -14 match u32 0x${digits.slice(4)} 0xffffffff at -12`;
}

const hex = (number: number): string => number.toString(16);
