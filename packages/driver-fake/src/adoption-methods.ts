import { CloudHostError, cpuBudget } from "@cloudhost/core/ports";
import type { AdoptGuest, GuestAdopter, StrangerGuest } from "@cloudhost/core/ports";
import type { DriverWork } from "./driver-work.ts";

/** What makes guests of others the driver's own, and gives them back. */
export const adoptionMethods = ({ alone, calls, clock, events, inventory, world }: DriverWork): GuestAdopter => ({
  async *strangers(signal) {
    yield* await calls.ask("strangers", signal, async () => [...world.state.strangers.values()]);
  },

  adopt: (guest, signal) =>
    calls.change("adopt", signal, (both) =>
      alone(guest.id, both, async () => {
        if (world.state.guests.get(guest.id)?.adopted?.key === guest.key) return;
        const stranger = world.state.strangers.get(guest.key);
        if (stranger === undefined) {
          const details = { resource: "guest of others", id: guest.key };
          throw new CloudHostError("NOT_FOUND", `The host has no guest of others ${guest.key}.`, details);
        }
        requireAdoptable(stranger, guest);
        const cpu = cpuBudget({ ...guest, vcpus: stranger.vcpus }, inventory);
        await world.commit({ kind: "adopted", guest, atMs: clock.nowMs(), cpu });
        events.announce(guest.id);
      }),
    ),

  disown: (guestId, signal) =>
    calls.change("disown", signal, (both) =>
      alone(guestId, both, async () => {
        if (world.state.guests.get(guestId)?.adopted === undefined) return;
        await world.commit({ kind: "disowned", guestId });
        await world.disks.remove(guestId);
      }),
    ),
});

/** @throws CloudHostError `UNSUPPORTED` where there is an obstacle, `CONFLICT` */
function requireAdoptable(stranger: StrangerGuest, { memoryMib, nics, vcpus }: AdoptGuest): void {
  const { key, obstacles, power } = stranger;
  if (obstacles.length > 0) {
    const feature = obstacles.map(({ detail }) => detail).join("; ");
    throw new CloudHostError("UNSUPPORTED", `${key} cannot be adopted: ${feature}.`, { feature, by: "fake" });
  }
  if (stranger.vcpus > vcpus || stranger.memoryMib > memoryMib) {
    const has = `${stranger.vcpus} vCPUs and ${stranger.memoryMib} MiB`;
    const allowed = [`at most ${vcpus} vCPUs and ${memoryMib} MiB`];
    throw new CloudHostError("CONFLICT", `${key} has ${has}, more than it is to have.`, { state: has, allowed });
  }
  if (nics.length === 0 || power === "stopped") return;
  const details = { state: power, allowed: ["stopped"] };
  throw new CloudHostError("CONFLICT", `${key} is ${power}: it can be given interfaces only while stopped.`, details);
}
