import { access, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Which generation of the kernel's control groups has the CPU controller. */
export type CgroupVersion = "v1" | "v2";

/** The kernel's own limits of `cpu.shares`, v1. */
const leastShares = 2;
const mostShares = 262_144;
/** And of `cpu.weight`, v2. */
const leastWeight = 1;
const mostWeight = 10_000;

/** Finds the CPU controller, or `undefined` where this system has none to give. */
export async function findCpuController(root = "/sys/fs/cgroup"): Promise<CgroupVersion | undefined> {
  const isThere = (path: string): Promise<boolean> =>
    access(join(root, path)).then(
      () => true,
      () => false,
    );
  if ((await isThere("cpu/cpu.shares")) || (await isThere("cpu,cpuacct/cpu.shares"))) return "v1";
  const controllers = await readFile(join(root, "cgroup.controllers"), "utf8").catch(() => "");
  return controllers.split(/\s+/).includes("cpu") ? "v2" : undefined;
}

/**
 * What to write as `<shares>`, so that guests stand to each other as their shares do. On v2 libvirt takes it for the
 * weight, whose range ends at 10,000: the shares of 10 EUCU would be refused already, so the whole range of shares is
 * scaled onto the whole range of weights. The default group of v1, 1024 shares, becomes 39 where v2's is 100, but all
 * that guests share their cores with is other guests.
 */
export function sharesValue(shares: number, version: CgroupVersion): number {
  if (version === "v1") return clamp(shares, leastShares, mostShares);
  return clamp(Math.round((shares * mostWeight) / mostShares), leastWeight, mostWeight);
}

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));
