import { isLibvirtError, VIR } from "@cloudhost/libvirt-rpc";
import type { Domain } from "@cloudhost/libvirt-rpc";
import { hasBooted, markBooted } from "./boot-port.ts";
import type { FoundGuest } from "./guests.ts";

/** A guest's memory goes through one file: 64 GiB on a slow disk take so long. */
export const memoryTimeoutMs = 600_000;

/** Writes a running guest's memory to libvirt's own file of it. Should that fail, the guest goes on. */
export async function saveMemory({ domain, files, run }: FoundGuest): Promise<void> {
  // Its port is emptied at its next start, and an OS that has said that it is up does not say it again.
  if (run !== undefined && (await hasBooted(files, run))) await markBooted(files);
  await domain.managedSave({ timeoutMs: memoryTimeoutMs });
}

/** Throws away what there is of a stopped guest's memory. */
export async function forgetMemory(domain: Domain): Promise<void> {
  if (await domain.hasManagedSave()) await domain.removeManagedSave();
}

/** Throws away memory that was not written to its end: the guest could not go on from it. */
export async function forgetPartialMemory(domain: Domain): Promise<void> {
  if (!(await domain.hasManagedSave())) return;
  try {
    await domain.describeManagedSave();
  } catch (error) {
    if (!isLibvirtError(error) || error.kind !== "daemon" || error.code === VIR.ERR_NO_DOMAIN) throw error;
    await domain.removeManagedSave();
  }
}
