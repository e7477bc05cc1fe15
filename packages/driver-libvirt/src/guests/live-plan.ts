import { isDeepStrictEqual } from "node:util";
import { bytesFromGib, cpuBudget, diskKey } from "@cloudhost/core/ports";
import type { CpuBudget, GuestNic, GuestSpec } from "@cloudhost/core/ports";
import { diskName } from "../xml/devices.ts";
import type { Machine } from "../xml/machine.ts";
import { attachedDisks } from "./files.ts";
import type { GuestFiles, PlacedDisk } from "./files.ts";

/** An interface as its machine has it. */
export type AttachedNic = Pick<GuestNic, "mac" | "tap">;

/** One change of a running guest. */
export type LiveStep =
  | { readonly kind: "detachDisk"; readonly target: string }
  | { readonly kind: "detachNic"; readonly nic: AttachedNic }
  | { readonly kind: "growDisk"; readonly target: string; readonly bytes: bigint }
  | { readonly kind: "attachDisk"; readonly placed: PlacedDisk; readonly target: string }
  | { readonly kind: "attachNic"; readonly nic: GuestNic }
  | { readonly kind: "addMemory"; readonly memoryMib: number }
  | { readonly kind: "setVcpus"; readonly vcpus: number }
  | { readonly kind: "setBudget"; readonly budget: CpuBudget };

/** What leads from a guest as it runs to a specification, or why nothing does without a restart. */
export type LivePlan = { readonly steps: readonly LiveStep[] } | { readonly refusal: string };

/**
 * Plans the change of a running guest. Pure. It goes by the machine as it is, so that a change that was cut off is
 * planned for what is left of it; what lets go comes first, since it frees the ports that others need.
 */
export function planChange(
  machine: Machine,
  before: GuestSpec,
  wanted: GuestSpec,
  { files, milliEcuPerCore }: { readonly files: GuestFiles; readonly milliEcuPerCore: number },
): LivePlan {
  const disks = planDisks(machine, before, wanted, files);
  const nics = planNics(machine, wanted);
  const addedMib = wanted.memoryMib - machine.memoryMib;
  const steps = [...disks, ...nics].toSorted((a, b) => Number(isAttach(a)) - Number(isAttach(b)));
  const refusal =
    refuseDifference(before, wanted) ??
    refuseShrinking(before, wanted) ??
    refuseVcpus(machine, wanted) ??
    refuseMemory(machine, addedMib) ??
    refuseDevices(machine, steps);
  if (refusal !== undefined) return { refusal };
  if (addedMib > 0) steps.push({ kind: "addMemory", memoryMib: addedMib });
  if (wanted.vcpus > machine.vcpus) steps.push({ kind: "setVcpus", vcpus: wanted.vcpus });
  const budget = cpuBudget(wanted, { milliEcuPerCore });
  if (!isDeepStrictEqual(budget, cpuBudget(before, { milliEcuPerCore }))) steps.push({ kind: "setBudget", budget });
  return { steps };
}

function planDisks({ disks }: Machine, before: GuestSpec, wanted: GuestSpec, files: GuestFiles): LiveStep[] {
  const placed = attachedDisks(wanted.disks, files);
  const sizes = new Map(before.disks.map((disk) => [diskKey(disk), disk.sizeGib]));
  const names = freeNames(disks.map(({ target }) => target));
  const ours = new Set([...placed.map(({ path }) => path), files.system, files.rescue, files.seed]);
  const gone = disks.filter(({ path }) => !ours.has(path));
  return [
    ...gone.map(({ target }): LiveStep => ({ kind: "detachDisk", target })),
    ...placed.flatMap((each): LiveStep[] => {
      const { disk, path } = each;
      const attached = disks.find((found) => found.path === path);
      if (attached === undefined) return [{ kind: "attachDisk", placed: each, target: names.next().value }];
      const grows = disk.sizeGib > (sizes.get(diskKey(disk)) ?? disk.sizeGib);
      const bytes = BigInt(bytesFromGib(disk.sizeGib));
      return grows ? [{ kind: "growDisk", target: attached.target, bytes }] : [];
    }),
  ];
}

function planNics({ nics }: Machine, wanted: GuestSpec): LiveStep[] {
  const gone = nics.filter((nic) => !wanted.nics.some((each) => isSame(each, nic)));
  const added = wanted.nics.filter((nic) => !nics.some((each) => isSame(each, nic)));
  return [
    ...gone.map((nic): LiveStep => ({ kind: "detachNic", nic })),
    ...added.map((nic): LiveStep => ({ kind: "attachNic", nic })),
  ];
}

const isSame = (a: AttachedNic, b: AttachedNic): boolean => a.mac === b.mac && a.tap === b.tap;

function* freeNames(taken: readonly string[]): Generator<string, never> {
  for (let index = 0; ; index += 1) if (!taken.includes(diskName(index))) yield diskName(index);
}

function refuseDifference(before: GuestSpec, wanted: GuestSpec): string | undefined {
  const fixed = ["base", "boot", "rescue"] as const;
  const different = fixed.filter((name) => !isDeepStrictEqual(plain(before[name]), plain(wanted[name])));
  return different.length === 0 ? undefined : `another ${different.join(" and ")}`;
}

function refuseShrinking(before: GuestSpec, wanted: GuestSpec): string | undefined {
  const sizes = new Map(wanted.disks.map((disk) => [diskKey(disk), disk.sizeGib]));
  const system = before.disks.find(({ kind }) => kind === "system");
  if (system !== undefined && !sizes.has("system")) return "no system disk";
  const shrunk = before.disks.find((disk) => (sizes.get(diskKey(disk)) ?? disk.sizeGib) < disk.sizeGib);
  return shrunk && `a smaller disk ${diskKey(shrunk)}`;
}

/** A guest's OS would have to give a processor up, and may never do so. */
function refuseVcpus({ vcpus, mostVcpus }: Machine, wanted: GuestSpec): string | undefined {
  if (wanted.vcpus < vcpus) return `${wanted.vcpus} vCPUs in the place of ${vcpus}`;
  return wanted.vcpus > mostVcpus
    ? `${wanted.vcpus} vCPUs, where it was started with room for ${mostVcpus}`
    : undefined;
}

/** Memory comes in modules; an OS takes whole blocks, which are larger in a large guest. */
function refuseMemory(machine: Machine, addedMib: number): string | undefined {
  const { memoryMib, mostMemoryMib, freeMemorySlots } = machine;
  if (addedMib === 0) return undefined;
  if (addedMib < 0) return `${-addedMib} MiB less memory`;
  const blockMib = memoryMib < largeMib ? 128 : 2048;
  if (addedMib % blockMib !== 0) return `${addedMib} MiB more memory, which is no multiple of ${blockMib}`;
  if (memoryMib + addedMib > mostMemoryMib) {
    return `${memoryMib + addedMib} MiB of memory, where it was started with room for ${mostMemoryMib}`;
  }
  return freeMemorySlots < 1 ? "more memory, where each of its slots is taken" : undefined;
}

/** From here on Linux takes memory in blocks of 2 GiB. */
const largeMib = 64 * 1024;

function refuseDevices({ freePorts }: Machine, steps: readonly LiveStep[]): string | undefined {
  const attached = steps.filter(isAttach).length;
  const detached = steps.filter(({ kind }) => kind === "detachDisk" || kind === "detachNic").length;
  return attached - detached > freePorts ? `${attached} more devices, where it has ${freePorts} free ports` : undefined;
}

const isAttach = ({ kind }: LiveStep): boolean => kind === "attachDisk" || kind === "attachNic";

/** A field that is absent and one that is `undefined` are the same. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
