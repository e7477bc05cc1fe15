import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isId } from "@cloudhost/core/ports";
import { throwIfCancelled } from "../errors.ts";
import { probePrefix } from "../host/probe-kvm.ts";
import { partialSuffix } from "./files.ts";
import { abandonCopy } from "./freeze.ts";
import type { FoundGuest, Guests, HostTools } from "./guests.ts";
import { finishRestoring } from "./kept-disks.ts";
import { powerOn } from "./power.ts";
import { forgetPartialMemory } from "./suspension.ts";
import { isThere } from "./whole-files.ts";

/**
 * Puts right what a crash left half done: a guest that was being made and is not defined goes, one that was being
 * removed goes as well, copies of disks that were not finished are made never, memory that was not written to its end
 * is forgotten, disks that were being restored are, and a reboot that had got as far as cutting the power gives it back.
 *
 * @param remove the driver's own way to remove a guest, which may be repeated
 */
export async function recoverGuests(
  tools: HostTools,
  guests: Guests,
  remove: (guestId: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  for (const name of await readdir(tools.instancesDir)) {
    throwIfCancelled(signal, "recovering");
    if (isId("srv", name)) await recoverGuest(name, guests, remove);
  }
  for (const domain of await tools.libvirt.listDomains({ persistent: false })) {
    if (domain.name === `${probePrefix}${tools.host}`) await domain.destroy();
  }
}

async function recoverGuest(
  guestId: string,
  guests: Guests,
  remove: (guestId: string) => Promise<void>,
): Promise<void> {
  const files = guests.files(guestId);
  const found = await guests.find(guestId);
  if (await isThere(files.removing)) return remove(guestId);
  if (await isThere(files.defining)) {
    // Without a definition nobody was told that the guest exists; with one, all that was missing is this.
    if (found === undefined) return remove(guestId);
    await rm(files.defining, { force: true });
  }
  if (found === undefined) return;
  await abandonCopy(found.domain, files, { describe: () => guests.require(guestId) });
  await removePartials(files.frozenDir);
  await removePartials(files.keptDir);
  await finishRestoring(files);
  if (found.run === undefined) await forgetPartialMemory(found.domain);
  await finishReboot(found, guests);
}

async function removePartials(dir: string): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names) {
    if (name.endsWith(partialSuffix)) await rm(join(dir, name), { recursive: true, force: true });
  }
}

/** A reboot that has not yet cut the power is left to whoever repeats it. */
async function finishReboot(found: FoundGuest, guests: Guests): Promise<void> {
  const { record, run } = found;
  if (record.reboot === undefined || record.reboot.done || run === record.reboot.endsRun) return;
  await powerOn(found);
  const { id } = record.spec;
  await guests.keep(await guests.require(id), { ...record, reboot: { ...record.reboot, done: true } });
}
