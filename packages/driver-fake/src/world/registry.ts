import { join } from "node:path";
import { CloudHostError } from "@cloudhost/core/ports";
import { HostFaults } from "../faults/host-faults.ts";
import { HostWorld } from "./host-world.ts";

/** What of a host somebody wants: each driver is had once at a time, and so is the switch of its power. */
export type HostPart = "compute" | "network" | "power";

/** A host that somebody has open; disposing gives it back. */
export interface OpenHost extends AsyncDisposable {
  readonly world: HostWorld;
}

interface Entry {
  readonly faults: HostFaults;
  readonly parts: Set<HostPart>;
  world: Promise<HostWorld> | undefined;
  /** The last world's end: the next begins after it. */
  closed: Promise<void>;
  /** Who keeps a host in memory alive while no driver has it. */
  holders: number;
  readonly inMemory: boolean;
}

const registryKey = Symbol.for("@cloudhost/driver-fake/hosts");

/**
 * The fake hosts of this process by world and name. A driver's options are JSON, so this is where the two drivers of a
 * host meet, and the faults them. It hangs on the global object because a driver's module may be loaded twice.
 */
const hosts = ((globalThis as { [registryKey]?: Map<string, Entry> })[registryKey] ??= new Map());

/** Which host, and where it lives. */
export interface HostPlace {
  readonly world: string;
  readonly host: string;
  /** Folder of the fleet; in memory when `undefined`. */
  readonly state: string | undefined;
}

/** The faults that are set for a host, open or not. */
export const faultsOf = (place: HostPlace): HostFaults => entryOf(place).faults;

/**
 * Opens a host's world, or joins the other driver of it.
 * @throws CloudHostError `LOCKED` when this part of it is open already, here or in another process
 */
export async function openHost(place: HostPlace, part: HostPart): Promise<OpenHost> {
  const entry = entryOf(place);
  if (entry.parts.has(part)) {
    const details = { resource: `the fake host ${place.host}`, by: "this process" };
    throw new CloudHostError("LOCKED", `The ${part} driver of ${place.host} is open already.`, details);
  }
  entry.parts.add(part);
  const release = async (): Promise<void> => {
    entry.parts.delete(part);
    await closeUnused(entry);
  };
  try {
    return { world: await worldOf(entry, place), [Symbol.asyncDispose]: release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Keeps a host in memory as it is while no driver has it open; disposing lets it go. */
export function holdHost(place: HostPlace): AsyncDisposable {
  const entry = entryOf(place);
  entry.holders += 1;
  return {
    async [Symbol.asyncDispose]() {
      entry.holders -= 1;
      await closeUnused(entry);
    },
  };
}

/** The world of a host that is open or held, or `undefined`. */
export const openWorld = async (place: HostPlace): Promise<HostWorld | undefined> => entryOf(place).world;

function entryOf({ world, host, state }: HostPlace): Entry {
  const key = `${world}/${host}`;
  const entry = hosts.get(key) ?? {
    faults: new HostFaults(),
    parts: new Set(),
    world: undefined,
    closed: Promise.resolve(),
    holders: 0,
    inMemory: state === undefined,
  };
  hosts.set(key, entry);
  return entry;
}

async function worldOf(entry: Entry, { host, state }: HostPlace): Promise<HostWorld> {
  entry.world ??= entry.closed.then(() =>
    state === undefined ? HostWorld.inMemory(host) : HostWorld.inFolder(join(state, host), host),
  );
  try {
    return await entry.world;
  } catch (error) {
    entry.world = undefined;
    throw error;
  }
}

async function closeUnused(entry: Entry): Promise<void> {
  if (entry.parts.size > 0 || (entry.inMemory && entry.holders > 0)) return;
  const world = entry.world;
  entry.world = undefined;
  const closed = entry.closed.then(async () => (await world)?.[Symbol.asyncDispose]());
  entry.closed = closed.catch(() => {});
  await closed;
}
