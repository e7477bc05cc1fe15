import type { FoundGuest, Guests } from "./guests.ts";
import { powerOn } from "./power.ts";
import { forgetMemory } from "./suspension.ts";

/** Keeps with the guest which run this command ends, before it ends; a repeat finds that there. */
export async function noteReboot(guests: Guests, guestId: string, commandId: string): Promise<FoundGuest> {
  const found = await guests.require(guestId);
  if (found.record.reboot?.commandId === commandId) return found;
  // A suspended guest has no run to end: its memory goes, or it would go on instead of booting.
  if (found.run === undefined) await forgetMemory(found.domain);
  const reboot = { commandId, endsRun: found.run ?? stopped, done: false };
  await guests.keep(found, { ...found.record, reboot });
  return { ...found, record: { ...found.record, reboot } };
}

/** Gives the power back after the run that the command was to end. */
export async function finishReboot(guests: Guests, guestId: string, commandId: string): Promise<void> {
  const found = await guests.require(guestId);
  const { reboot } = found.record;
  // Somebody else's command came in between: it gives the power back.
  if (reboot?.commandId !== commandId) return;
  await powerOn(found);
  await guests.keep(await guests.require(guestId), { ...found.record, reboot: { ...reboot, done: true } });
}

/** In a reboot's record: there was no run to end. */
const stopped = -1;
