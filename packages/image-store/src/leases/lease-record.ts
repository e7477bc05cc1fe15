import { randomUUID } from "node:crypto";
import { z } from "zod";
import { ProcessIdentity, isRunning, thisProcess } from "../files/process-identity.ts";

/** What a lease's object says: for what, and whose it is. */
export const LeaseRecord = z.strictObject({
  version: z.literal(1),
  /** What it is about, where several of one kind exclude each other: an image's name. */
  about: z.string().max(256).optional(),
  process: ProcessIdentity,
  /** This copy of the module in that process: it alone knows which of its leases are still open. */
  instance: z.uuid(),
});
export type LeaseRecord = z.infer<typeof LeaseRecord>;

/** A lease of another machine is dead when its holder has not renewed it for so long. */
export const leaseLifeMs = 300_000;

const instance = randomUUID();
const openKeys = new Set<string>();

/** The record of a lease of this process. */
export const ownRecord = (about: string | undefined): LeaseRecord => ({
  version: 1,
  ...(about === undefined ? {} : { about }),
  process: thisProcess(),
  instance,
});

/** From when on, and until when, a lease of this process counts as held. */
export const ownLeases = {
  opened: (key: string): unknown => openKeys.add(key),
  closed: (key: string): unknown => openKeys.delete(key),
};

/**
 * Whether its holder may still act under it. On one machine this is known for certain, since processes can be looked
 * for. `undefined` for a lease of another machine, or of a newer version that wrote what cannot be read here: there only
 * the time since its last renewal tells.
 */
export function isHeld(key: string, record: LeaseRecord | undefined): boolean | undefined {
  if (record === undefined) return undefined;
  return record.instance === instance ? openKeys.has(key) : isRunning(record.process);
}
