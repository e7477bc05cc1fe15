import { isDeepStrictEqual } from "node:util";
import type { ComputeCapabilities, GuestSpec } from "@cloudhost/core/ports";

/** A capability that a change of a running guest needs; `restart` when none helps. */
export type LiveNeed = keyof Pick<ComputeCapabilities, "liveResize" | "liveDisks" | "liveNics"> | "restart";

/** What of a specification each capability lets change. The name is only for people. */
const partsOf = (spec: GuestSpec): Record<LiveNeed, unknown> => {
  const { name: _, vcpus, memoryMib, milliEcuPerVcpu, nics, disks, ...rest } = spec;
  return {
    liveResize: { vcpus, memoryMib, milliEcuPerVcpu },
    liveDisks: disks.filter(({ kind }) => kind === "data"),
    liveNics: nics,
    restart: { ...rest, disks: disks.filter(({ kind }) => kind !== "data") },
  };
};

/** What it takes to make a running guest so. */
export function liveNeeds(present: GuestSpec, wanted: GuestSpec): LiveNeed[] {
  const [before, after] = [partsOf(present), partsOf(wanted)];
  const needs: LiveNeed[] = ["liveResize", "liveDisks", "liveNics", "restart"];
  return needs.filter((need) => !isDeepStrictEqual(plain(before[need]), plain(after[need])));
}

/** Whether a guest is as specified. What a specification leaves out may be missing or `undefined`. */
export const isSameSpec = (present: GuestSpec, wanted: GuestSpec): boolean =>
  isDeepStrictEqual(plain(present), plain(wanted));

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;
