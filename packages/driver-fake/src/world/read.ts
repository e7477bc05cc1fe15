import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { CpuBudget, GuestSpec, GuestState, HostBinding, StrangerGuest, TenantMember } from "@cloudhost/core/ports";
import { DiskLayout } from "../disks/layout.ts";
import type { GuestFile } from "../disks/layout.ts";
import { hostFiles } from "./host-world.ts";
import { readJournal } from "./journal.ts";
import { applyRecord, newHost } from "./state.ts";
import type { HostState } from "./state.ts";

/** All that is on a fake host, for those who check that nothing was left there. */
export interface FakeHostView {
  readonly host: string;
  readonly guests: readonly FakeGuestView[];
  /** Guests that are not the driver's. */
  readonly strangers: readonly StrangerGuest[];
  /** Its taps, with what they are held to. */
  readonly bindings: readonly HostBinding[];
  readonly members: readonly TenantMember[];
  /** How many changes of its network were ever written: a second apply of the same adds none. */
  readonly networkWrites: number;
  /** Every file below its folder of disks, whoever put it there. */
  readonly files: readonly GuestFile[];
}

/** A guest on a fake host. */
export interface FakeGuestView {
  readonly spec: GuestSpec;
  readonly power: GuestState["power"];
  /** How often its OS began to boot since it was defined. */
  readonly boots: number;
  /** What it is held to, while it runs or is paused. */
  readonly cpu: CpuBudget | null;
  /** Snapshots whose pictures it holds. */
  readonly snapshotIds: readonly string[];
  /** Under which its disks are kept. */
  readonly keepIds: readonly string[];
  /** By which it was a stranger, where it was adopted. */
  readonly adoptedKey: string | undefined;
}

/**
 * Every host of a fleet with `state: dir`, from its files, without opening it: also while a process has it open, and
 * after one was killed. A folder that is not there has none.
 */
export async function readFakeWorld(dir: string): Promise<FakeHostView[]> {
  const views = (await foldersIn(dir)).map(async (host) => {
    const records = await readJournal(join(dir, host, hostFiles.journal));
    return viewOf(host, records.reduce(applyRecord, newHost), new DiskLayout(join(dir, host, hostFiles.disks)));
  });
  return Promise.all(views);
}

/** A host's view from its state and its disks. */
export async function viewOf(host: string, state: HostState, disks: DiskLayout): Promise<FakeHostView> {
  return {
    host,
    guests: Array.from(state.guests.values(), ({ spec, power, boots, cpu, pictures, kept, adopted }) => {
      const ids = { snapshotIds: Object.keys(pictures), keepIds: Object.keys(kept), adoptedKey: adopted?.key };
      return { spec, power, boots, cpu, ...ids };
    }),
    strangers: [...state.strangers.values()],
    bindings: [...state.network.bindings.values()],
    members: [...state.network.members.values()],
    networkWrites: state.networkWrites,
    files: await disks.found(),
  };
}

async function foldersIn(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
