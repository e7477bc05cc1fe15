import { createHash } from "node:crypto";
import { bytesFromGib, CloudHostError } from "@cloudhost/core/ports";
import type { StrangerGuest } from "@cloudhost/core/ports";
import { made } from "./guest-after.ts";
import type { FakeGuest } from "./guest.ts";
import type { WorldRecord } from "./record.ts";

/**
 * A stranger as a guest of the driver's. Its own disk becomes its base, so that whatever reads a guest's disk reads this
 * one too; what it writes from now on goes over it.
 */
export function adoptedGuest(
  stranger: StrangerGuest,
  { guest, atMs, cpu }: Omit<Extract<WorldRecord, { kind: "adopted" }>, "kind">,
): FakeGuest {
  const { key: _, ...bought } = guest;
  const [disk] = stranger.disks;
  const sizeGib = disk?.sizeGib ?? 0;
  const { name, vcpus, memoryMib, power } = stranger;
  const base = { path: disk?.source ?? "", format: "raw" as const, digest: digestOf(stranger) };
  const spec = { ...bought, name, vcpus, memoryMib, disks: [{ kind: "system" as const, sizeGib }], base };
  const stopped = made({ spec, baseBytes: bytesFromGib(sizeGib), rescueBytes: null });
  const lives = power === "running" || power === "paused";
  return { ...stopped, adopted: stranger, power, cpu: lives ? cpu : null, use: { ...stopped.use, atMs } };
}

/** What an adopted guest is when it is disowned: what it was, with the power that it has now. */
export const strangerAgain = (adopted: StrangerGuest, { power }: FakeGuest): StrangerGuest => ({ ...adopted, power });

/** Stands for content that nobody sealed: no image has this digest. */
const digestOf = ({ key }: StrangerGuest): string => `stranger:${createHash("sha256").update(key).digest("hex")}`;

/** @throws CloudHostError `UNSUPPORTED` for a guest that was adopted */
export function refuseAdopted(guest: FakeGuest | undefined, what: string): void {
  if (guest?.adopted === undefined) return;
  const feature = `${what} of a guest that was taken over`;
  throw new CloudHostError("UNSUPPORTED", `This host does not do it: ${feature}.`, { feature, by: "fake" });
}
