import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** A physical core: the hardware threads that share it, by their numbers. */
export type Core = readonly number[];

/** The machine's physical cores, in the order of their first threads, as the kernel tells them. */
export async function readCores(root = "/sys/devices/system/cpu"): Promise<readonly Core[]> {
  const cores = new Map<string, Core>();
  for (const name of await readdir(root)) {
    if (!/^cpu\d+$/.test(name)) continue;
    const siblings = await readFile(join(root, name, "topology/thread_siblings_list"), "utf8").catch(() => undefined);
    // One that is offline has no topology.
    if (siblings !== undefined) cores.set(siblings.trim(), parseCpuSet(siblings.trim()));
  }
  return [...cores.values()].toSorted(([a = 0], [b = 0]) => a - b);
}

/** A set of CPUs as the kernel writes it: `0-1,16`. */
export const parseCpuSet = (text: string): number[] =>
  text.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });

/** Cores as a set of CPUs, as the kernel writes it. */
export function cpuSetOf(cores: readonly Core[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const cpu of cores.flat().toSorted((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range !== undefined && range.last === cpu - 1) range.last = cpu;
    else ranges.push({ first: cpu, last: cpu });
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}
