import type { Clock, ComputeInventory } from "@cloudhost/core/ports";
import type { Calls } from "./calls.ts";
import { throwIfCancelled } from "./cancelled.ts";
import { GuestEvents } from "./guest-events.ts";
import { Lanes } from "./lanes.ts";
import { Machine } from "./machine.ts";
import type { FakeHostOptions } from "./options.ts";
import type { HostWorld } from "./world/host-world.ts";
import type { OpenHost } from "./world/registry.ts";

/** What a compute driver of a fake host works with. */
export interface ComputeParts {
  readonly open: OpenHost;
  readonly options: FakeHostOptions;
  readonly inventory: ComputeInventory;
  readonly clock: Clock;
  readonly calls: Calls;
}

/** What all methods of a host's compute driver work with: the required ones and the optional ones. */
export interface DriverWork {
  readonly world: HostWorld;
  readonly machine: Machine;
  readonly events: GuestEvents;
  readonly calls: Calls;
  readonly clock: Clock;
  readonly options: FakeHostOptions;
  readonly inventory: ComputeInventory;
  /** One change of a guest at a time, unless the signal has fired by then. */
  readonly alone: <T>(guestId: string, signal: AbortSignal, work: () => Promise<T>) => Promise<T>;
}

/** What a compute driver of a host works with. */
export function driverWork({ open, options, inventory, clock, calls }: ComputeParts): DriverWork {
  const { world } = open;
  const machine = new Machine({ world, options, inventory, clock });
  const lanes = new Lanes();
  return {
    world,
    machine,
    events: new GuestEvents({ machine, options, clock, calls }),
    calls,
    clock,
    options,
    inventory,
    alone: (guestId, signal, work) =>
      lanes.run(guestId, async () => {
        throwIfCancelled(signal, `a change of ${guestId}`);
        return work();
      }),
  };
}
