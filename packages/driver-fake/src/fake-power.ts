import { CloudHostError, systemClock } from "@cloudhost/core/ports";
import type { Clock, FencedHost, HostConfig, HostFence } from "@cloudhost/core/ports";
import { faultError } from "./faults/fault-error.ts";
import type { FaultOptions } from "./faults/fake-faults.ts";
import type { HostFaults } from "./faults/host-faults.ts";
import { placesOf } from "./places.ts";
import { faultsOf, openHost } from "./world/registry.ts";
import type { HostPlace } from "./world/registry.ts";

/**
 * The power of a fleet's fake hosts. A host without it answers nothing and its guests stop dead; when it has power again
 * it is as after a cold start: its guests are stopped, their disks as they were. It is a fence, too.
 */
export class FakePower implements HostFence {
  readonly name: string = "fake power switch";
  readonly #places: ReadonlyMap<string, HostPlace>;
  readonly #clock: Clock;
  readonly #failures: { readonly method: "fence" | "unfence"; readonly error: CloudHostError; times: number }[] = [];

  /** @internal use {@link fakePower} */
  constructor(places: readonly HostPlace[], clock: Clock) {
    this.#places = new Map(places.map((place) => [place.host, place]));
    this.#clock = clock;
  }

  /** Takes a host's power. */
  async cut(host: string): Promise<void> {
    const place = this.#placeOf(host);
    faultsOf(place).off = true;
    await using open = await openHost(place, "power");
    const { world } = open;
    for (const { power, spec } of world.state.guests.values()) {
      if (power !== "running" && power !== "paused") continue;
      await world.commit({ kind: "stopped", guestId: spec.id, atMs: this.#clock.nowMs(), clean: false });
    }
  }

  /** Gives it back. */
  async restore(host: string): Promise<void> {
    this.#faultsOf(host).off = false;
  }

  /** Whether a host has none: whoever asks it anything gets no answer. */
  isOff(host: string): boolean {
    return this.#faultsOf(host).off;
  }

  /** The next fencings, or the next ends of one, fail. */
  failNext(method: "fence" | "unfence", { times = 1, code, retryable }: FaultOptions = {}): void {
    this.#failures.push({ method, error: faultError("the power switch", method, code, retryable), times });
  }

  async fence({ name }: FencedHost, signal?: AbortSignal): Promise<void> {
    this.#fail("fence", signal);
    await this.cut(name);
  }

  async unfence({ name }: FencedHost, signal?: AbortSignal): Promise<void> {
    this.#fail("unfence", signal);
    await this.restore(name);
  }

  #fail(method: "fence" | "unfence", signal: AbortSignal | undefined): void {
    if (signal?.aborted) throw new CloudHostError("CANCELLED", `${method} was cancelled.`, { what: method });
    const failure = this.#failures.find((one) => one.method === method && one.times > 0);
    if (failure === undefined) return;
    failure.times -= 1;
    throw failure.error;
  }

  #faultsOf(host: string): HostFaults {
    return faultsOf(this.#placeOf(host));
  }

  #placeOf(host: string): HostPlace {
    const place = this.#places.get(host);
    if (place !== undefined) return place;
    throw new CloudHostError("NOT_FOUND", `No fake host is called ${host}.`, { resource: "fake host", id: host });
  }
}

/**
 * The power of the fake hosts among these, whether they are open or not.
 * @throws CloudHostError `INVALID_ARGUMENT` when none of them is a fake host of this process
 * @example
 * const fleet = fakeFleet({ hosts: 2 });
 * const cloud = await createCloud({ hosts: fleet, fence: fakePower(fleet) });
 */
export const fakePower = (hosts: HostConfig | readonly HostConfig[], clock: Clock = systemClock()): FakePower =>
  new FakePower(placesOf(hosts), clock);
