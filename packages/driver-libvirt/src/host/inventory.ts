import { readdir, readFile, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { CloudHostError, milliEcuPerCoreOf } from "@cloudhost/core/ports";
import type { ComputeInventory, HostReserve } from "@cloudhost/core/ports";
import type { HostTopology } from "./topology.ts";
import { splitCores } from "./topology.ts";

const gib = 2 ** 30;

/** Compute of one core, and whether it is only an estimate. */
export interface CoreCompute {
  readonly milliEcuPerCore: number;
  readonly milliEcuEstimated: boolean;
}

/**
 * What a core of this CPU model yields.
 * @param stated by the operator, for a model whose figure is not known
 * @throws CloudHostError `INVALID_ARGUMENT` for an unknown model without a figure: EUCU that nobody measured are not sold
 */
export function coreCompute(cpuModel: string, stated: number | undefined): CoreCompute {
  const known = milliEcuPerCoreOf(cpuModel);
  if (known !== undefined) return { milliEcuPerCore: known, milliEcuEstimated: false };
  if (stated !== undefined) return { milliEcuPerCore: stated, milliEcuEstimated: true };
  const message =
    `nobody knows how much compute a core of "${cpuModel}" yields: calibrate the host, or state milliEcuPerCore ` +
    "(a core of an Intel Xeon E5-2650 yields 4000)";
  throw new CloudHostError("INVALID_ARGUMENT", `libvirt(): ${message}.`, {
    issues: [{ path: "milliEcuPerCore", message }],
  });
}

/** What an inventory is counted from. */
export interface InventoryFacts {
  readonly topology: HostTopology;
  readonly cpuModel: string;
  readonly memoryMib: number;
  readonly compute: CoreCompute;
  readonly virtType: "kvm" | "qemu";
  readonly reserve: HostReserve;
  /** What guests' disks have of the file system already, and what is free of it. */
  readonly diskBytes: number;
}

/** What the host offers guests, its reserve taken off. Pure. */
export function countInventory(facts: InventoryFacts): ComputeInventory {
  const { topology, cpuModel, memoryMib, compute, virtType, reserve, diskBytes } = facts;
  return {
    cpuModel,
    architecture: topology.architecture === "aarch64" ? "aarch64" : "x86_64",
    hypervisor: virtType,
    guestCores: splitCores(topology.cores, reserve.cores).guestCores,
    ...compute,
    memoryMib: Math.max(0, memoryMib - reserve.memoryMib),
    diskGib: Math.max(0, Math.floor(diskBytes / gib) - reserve.diskGib),
    resources: {},
  };
}

/** The processor as the machine names it, or else as libvirt does. */
export async function readCpuModel(topology: HostTopology, path = "/proc/cpuinfo"): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  return /^model name\s*:\s*(.+)$/m.exec(text)?.[1]?.trim() ?? topology.cpuFamily;
}

/**
 * Bytes for guests' disks on the file system of their folder: what is free, and what they fill already. What others
 * have put there is nobody's to sell.
 */
export async function readDiskBytes(instancesDir: string): Promise<number> {
  const { bavail, bsize } = await statfs(instancesDir);
  const files = await readdir(instancesDir, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    files
      .filter((file) => file.isFile())
      .map((file) =>
        stat(join(file.parentPath, file.name)).then(
          ({ blocks }) => blocks * 512,
          () => 0,
        ),
      ),
  );
  return bavail * bsize + sizes.reduce((sum, size) => sum + size, 0);
}
