import type { Clock } from "@cloudhost/core/ports";
import { isLibvirtError, VIR } from "@cloudhost/libvirt-rpc";
import type { Domain } from "@cloudhost/libvirt-rpc";
import { throwIfCancelled } from "../errors.ts";
import { forgetBoot } from "./boot-port.ts";
import type { FoundGuest } from "./guests.ts";
import { memoryTimeoutMs } from "./suspension.ts";

const pollMs = 100;
/** An OS that was still booting when it was asked did not hear it. */
const askAgainMs = 5000;

/** Gives a guest power, or lets it go on where it was paused or suspended. */
export async function powerOn(found: FoundGuest): Promise<void> {
  const { domain, files, run } = found;
  if (run !== undefined) return goOn(found);
  if (await domain.hasManagedSave()) return domain.start({ timeoutMs: memoryTimeoutMs });
  await forgetBoot(files);
  await domain.start();
}

/** Halts the vCPUs of a guest that has power. */
export async function halt({ domain }: FoundGuest): Promise<void> {
  if ((await domain.state()).state === VIR.DOMAIN_RUNNING) await domain.suspend();
}

/**
 * Lets a guest that has power go on: one that was halted, one that QEMU halted because the host's disk was full, and one
 * whose OS sleeps.
 */
export async function goOn({ domain }: FoundGuest): Promise<void> {
  const { state } = await domain.state();
  if (state === VIR.DOMAIN_PAUSED) await domain.resume();
  else if (state === VIR.DOMAIN_PMSUSPENDED) await domain.wakeUp();
}

/** Cuts a guest's power; one that has none is as it shall be. */
export async function cutPower(domain: Domain): Promise<void> {
  try {
    await domain.destroy();
  } catch (error) {
    if (!isNotRunning(error)) throw error;
  }
}

/**
 * Asks a guest's OS to shut down and waits until it has, for as long as the grace allows.
 * @throws CloudHostError `CANCELLED`
 */
export async function askToShutDown(
  domain: Domain,
  graceMs: number,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<void> {
  const beganMs = clock.nowMs();
  let askedMs = -Infinity;
  for (;;) {
    throwIfCancelled(signal, `waiting for ${domain.name} to shut down`);
    const { state } = await domain.state();
    const nowMs = clock.nowMs();
    const leftMs = beganMs + graceMs - nowMs;
    // A paused OS hears nothing.
    if (state === VIR.DOMAIN_SHUTOFF || state === VIR.DOMAIN_PAUSED || leftMs <= 0) return;
    if (nowMs - askedMs >= askAgainMs) {
      await pressPowerButton(domain);
      askedMs = nowMs;
    }
    await clock.sleep(Math.min(pollMs, leftMs), signal);
  }
}

async function pressPowerButton(domain: Domain): Promise<void> {
  try {
    await domain.shutdown({ flags: VIR.DOMAIN_SHUTDOWN_ACPI_POWER_BTN });
  } catch (error) {
    if (!isNotRunning(error)) throw error;
  }
}

const isNotRunning = (error: unknown): boolean => isLibvirtError(error, VIR.ERR_OPERATION_INVALID);
