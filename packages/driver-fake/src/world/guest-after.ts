import { diskKey } from "@cloudhost/core/ports";
import type { DiskKey, GuestDisk } from "@cloudhost/core/ports";
import { writesOf } from "../disks/writes.ts";
import type { ConsoleEvent, FakeGuest } from "./guest.ts";
import type { WorldRecord } from "./record.ts";
import { noUse } from "./use.ts";
import type { GuestUse } from "./use.ts";

type Recorded<Kind extends WorldRecord["kind"]> = Extract<WorldRecord, { kind: Kind }>;

/** What a console's events are kept of: some runs. */
const mostConsoleEvents = 24;

/** A record that is about one guest. */
export type GuestRecord = Exclude<WorldRecord, Recorded<"world" | "network" | "stranger" | "adopted" | "disowned">>;

/** What a guest has used until then. */
export type UseUntil = (guest: FakeGuest, atMs: number) => GuestUse;

/** The guest after this has happened; `undefined` when there is none. What is about no guest makes none. */
export function guestAfter(
  guest: FakeGuest | undefined,
  record: GuestRecord,
  useUntil: UseUntil,
): FakeGuest | undefined {
  if (record.kind === "defined") return guest === undefined ? made(record) : redefined(guest, record);
  if (guest === undefined || record.kind === "removed") return undefined;
  switch (record.kind) {
    case "started":
    case "rebooted":
      return booted(guest, record, useUntil(guest, record.atMs));
    case "stopped": {
      const use = useUntil(guest, record.atMs);
      return { ...withLines(guest, ended(guest, record, "shutDown")), power: "stopped", cpu: null, use };
    }
    case "paused":
      return { ...guest, power: "paused", use: useUntil(guest, record.atMs) };
    case "suspended":
      return { ...guest, power: "suspended", cpu: null, use: useUntil(guest, record.atMs) };
    case "unpaused":
      return awake(guest, record.atMs);
    case "resumed":
      return { ...awake(guest, record.atMs), cpu: record.cpu };
    case "changed":
      return { ...guest, spec: record.spec, cpu: record.cpu, use: useUntil(guest, record.atMs) };
    case "layered":
      return withNewLayers(guest, [record.disk]);
    case "kept": {
      const { base, disks } = guest.spec;
      return { ...guest, kept: { ...guest.kept, [record.keepId]: { base, disks, baseBytes: guest.baseBytes } } };
    }
    case "restored":
      return restored(guest, record.keepId);
    case "dropped":
      return { ...guest, kept: without(guest.kept, record.keepId) };
    case "released":
      return { ...guest, pictures: without(guest.pictures, record.snapshotId) };
    case "freezing":
    case "frozen":
      break;
  }
  return { ...guest, pictures: { ...guest.pictures, [record.snapshotId]: record.kind } };
}

/** A guest that was just made: stopped, and without a past. */
export const made = ({ spec, baseBytes, rescueBytes }: Omit<Recorded<"defined">, "kind">): FakeGuest => ({
  spec,
  power: "stopped",
  boots: 0,
  bootAtMs: 0,
  lastReboot: null,
  cpu: null,
  use: noUse,
  pictures: {},
  baseBytes,
  rescueBytes,
  layers: {},
  writesFrom: 0,
  kept: {},
  console: [],
});

function redefined(guest: FakeGuest, { spec, baseBytes, rescueBytes }: Recorded<"defined">): FakeGuest {
  const changed = { ...guest, spec, baseBytes, rescueBytes };
  if (guest.spec.base.digest !== spec.base.digest) return withNewLayers(changed, ["system"]);
  const otherDisk = guest.spec.rescue?.base.digest !== spec.rescue?.base.digest;
  return otherDisk ? { ...changed, writesFrom: writesOf(guest, guest.use.ranMs) } : changed;
}

function booted(guest: FakeGuest, boot: Recorded<"started" | "rebooted">, use: GuestUse): FakeGuest {
  const before = boot.kind === "rebooted" ? ended(guest, boot, "restarting") : [];
  return {
    ...withLines(guest, [...before, { kind: "booted", atMs: boot.atMs }]),
    power: "running",
    boots: guest.boots + 1,
    bootAtMs: boot.atMs,
    lastReboot: boot.kind === "rebooted" ? boot.commandId : guest.lastReboot,
    cpu: boot.cpu,
    use: { ...use, atMs: boot.atMs },
  };
}

/** It goes on where it stood still, and knows nothing of the time between. */
function awake(guest: FakeGuest, atMs: number): FakeGuest {
  const stoodMs = Math.max(0, atMs - guest.use.atMs);
  const console = guest.console.map((event, index) =>
    index === guest.console.length - 1 ? { ...event, atMs: event.atMs + stoodMs } : event,
  );
  return {
    ...guest,
    power: "running",
    bootAtMs: guest.bootAtMs + stoodMs,
    console,
    use: { ...guest.use, atMs: guest.use.atMs + stoodMs },
  };
}

/** These disks begin anew; what the guest wrote before is not in them. */
function withNewLayers(guest: FakeGuest, disks: readonly DiskKey[]): FakeGuest {
  const layers = Object.fromEntries(disks.map((disk) => [disk, (guest.layers[disk] ?? 0) + 1]));
  const writesFrom = disks.includes("system") ? writesOf(guest, guest.use.ranMs) : guest.writesFrom;
  return { ...guest, layers: { ...guest.layers, ...layers }, writesFrom };
}

/** Disks that came after the keeping stay. */
function restored(guest: FakeGuest, keepId: string): FakeGuest {
  const kept = guest.kept[keepId];
  if (kept === undefined) return guest;
  const keys = kept.disks.map(diskKey);
  const later = guest.spec.disks.filter((disk) => !keys.includes(diskKey(disk)));
  const disks: GuestDisk[] = [...kept.disks, ...later];
  const { base, baseBytes } = kept;
  return withNewLayers({ ...guest, baseBytes, spec: { ...guest.spec, base, disks } }, keys);
}

function ended(
  { power }: FakeGuest,
  { clean, atMs }: Recorded<"stopped" | "rebooted">,
  kind: "shutDown" | "restarting",
): ConsoleEvent[] {
  return power === "stopped" ? [] : [{ kind: clean ? kind : "cut", atMs }];
}

const withLines = (guest: FakeGuest, events: readonly ConsoleEvent[]): FakeGuest => ({
  ...guest,
  console: [...guest.console, ...events].slice(-mostConsoleEvents),
});

const without = <T>(values: Readonly<Record<string, T>>, key: string): Record<string, T> =>
  Object.fromEntries(Object.entries(values).filter(([id]) => id !== key));
