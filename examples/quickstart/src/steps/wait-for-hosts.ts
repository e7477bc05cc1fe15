import { CloudHostError, systemClock } from "@cloudhost/core";
import type { Host } from "@cloudhost/core";
import type { Tour } from "../tour.ts";

const pollMs = 100;

/**
 * Waits until this process has every host. After a run that was killed the hosts' leases are still its own for a while.
 *
 * @param leaseMs how long a lease lasts
 * @throws CloudHostError `HOST_UNAVAILABLE` with the reason of a host that does not open
 */
export async function waitForHosts(
  { operator, openedAtMs, say, stop }: Tour,
  names: readonly string[],
  leaseMs: number,
): Promise<void> {
  const clock = systemClock();
  // A lease, the round in which it is tried for again, and time to open.
  const atMostMs = 3 * leaseMs;
  let told = false;
  for (;;) {
    const hosts: Host[] = [];
    for (const name of names) hosts.push(await stop.until(operator.hosts.get(name)));
    const missing = hosts.filter(({ state, lastSeenAtMs }) => state !== "up" || (lastSeenAtMs ?? 0) < openedAtMs);
    const down = missing.find(({ state }) => state === "down");
    if (missing.length === 0) return;
    if (down !== undefined || clock.nowMs() - openedAtMs > atMostMs) throw notOpen(down ?? missing[0]);
    if (!told) say({ event: "waiting", for: "the leases of a run that was cut off", atMostMs });
    told = true;
    await stop.until(clock.sleep(pollMs, stop.signal));
  }
}

function notOpen(host: Host | undefined): CloudHostError {
  const [name, reason] = [host?.name ?? "", host?.stateReason ?? "another process has it"];
  return new CloudHostError("HOST_UNAVAILABLE", `The host ${name} does not open: ${reason}`, { host: name, reason });
}
