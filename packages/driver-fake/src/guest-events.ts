import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock, GuestState } from "@cloudhost/core/ports";
import { Broadcast } from "./broadcast.ts";
import type { Calls } from "./calls.ts";
import type { Machine } from "./machine.ts";
import type { FakeHostOptions } from "./options.ts";
import type { FakeGuest } from "./world/guest.ts";

/** A boot that goes on after its call belongs to nobody's work: a virtual clock must not take its wait for the caller's. */
const detached = AsyncLocalStorage.snapshot();

/** What tells how guests are. */
export interface GuestEventsParts {
  readonly machine: Machine;
  readonly options: Pick<FakeHostOptions, "bootMs" | "capabilities">;
  readonly clock: Clock;
  readonly calls: Calls;
}

/** How a host's guests are, and who is told when it changes. */
export class GuestEvents {
  readonly #parts: GuestEventsParts;
  readonly #changes = new Broadcast<GuestState>();

  constructor(parts: GuestEventsParts) {
    this.#parts = parts;
    for (const guest of parts.machine.guests.values()) this.#announceReady(guest);
  }

  listen(signal: AbortSignal): AsyncIterable<GuestState> {
    return this.#changes.listen(AbortSignal.any([signal, this.#parts.calls.closed]));
  }

  stateOf({ adopted, spec, power, bootAtMs, use }: FakeGuest): GuestState {
    const { options, clock } = this.#parts;
    const lives = power === "running" || power === "paused";
    // Nothing in a guest that was made by others tells that it has booted.
    if (!lives || !options.capabilities.guestReady || adopted !== undefined)
      return { id: spec.id, power, ready: "unknown" };
    const untilMs = power === "running" ? clock.nowMs() : use.atMs;
    return { id: spec.id, power, ready: untilMs >= bootAtMs + options.bootMs ? "ready" : "booting" };
  }

  tell(state: GuestState): void {
    if (this.#parts.calls.plugged) this.#changes.send(state);
  }

  /** Tells how a guest is now, and later that its OS has booted. */
  announce(guestId: string): void {
    const guest = this.#parts.machine.guest(guestId);
    this.tell(this.stateOf(guest));
    this.#announceReady(guest);
  }

  /** Tells when the guest's OS has booted, if it is still the same boot then, and nothing held it up. */
  #announceReady({ adopted, spec, power, boots, bootAtMs }: FakeGuest): void {
    const { machine, options, clock, calls } = this.#parts;
    const leftMs = bootAtMs + options.bootMs - clock.nowMs();
    if (power !== "running" || !options.capabilities.guestReady || leftMs <= 0 || adopted !== undefined) return;
    const announce = async (): Promise<void> => {
      await clock.sleep(leftMs, calls.closed);
      const guest = machine.guests.get(spec.id);
      if (guest?.power !== "running" || guest.boots !== boots || guest.bootAtMs !== bootAtMs) return;
      this.tell(this.stateOf(guest));
    };
    // Only the driver's closing ends the wait, and then there is nobody to tell.
    detached(announce).catch(() => {});
  }
}
