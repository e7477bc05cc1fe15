import { extensionMethods } from "@cloudhost/core/ports";
import type {
  BaseDisk,
  ComputeExtensions,
  ConsoleReader,
  DiskKeeper,
  DiskKey,
  DiskLayer,
  DiskMover,
  GuestSpec,
  LiveChanger,
  Pauser,
  Suspender,
} from "@cloudhost/core/ports";
import { adoptionMethods } from "./adoption-methods.ts";
import { consoleText, endOf } from "./console.ts";
import { StoppedDisks } from "./disks/stopped-disks.ts";
import type { DriverWork } from "./driver-work.ts";
import { isSameSpec } from "./live-change.ts";
import type { FakeHostOptions } from "./options.ts";

/** The optional methods of a fake host's driver that its capabilities promise, and no others. */
export function extensionsOf(work: DriverWork): Partial<ComputeExtensions> {
  const all: ComputeExtensions = {
    ...powerMethods(work),
    ...diskMethods(work),
    ...liveMethods(work),
    ...consoleMethods(work),
    ...adoptionMethods(work),
  };
  const promised = new Set<string>(
    Object.entries(extensionMethods).flatMap(([capability, methods]) =>
      capability in work.options.capabilities &&
      work.options.capabilities[capability as keyof FakeHostOptions["capabilities"]]
        ? methods
        : [],
    ),
  );
  return Object.fromEntries(Object.entries(all).filter(([name]) => promised.has(name)));
}

const powerMethods = ({ calls, machine, events, alone }: DriverWork): Pauser & Suspender => ({
  pause: (guestId, signal) =>
    calls.change("pause", signal, (both) =>
      alone(guestId, both, async () => {
        if (machine.guest(guestId).power === "paused") return;
        await machine.pause(guestId);
        events.announce(guestId);
      }),
    ),

  unpause: (guestId, signal) =>
    calls.change("unpause", signal, (both) =>
      alone(guestId, both, async () => {
        if (machine.guest(guestId).power === "running") return;
        await machine.unpause(guestId);
        events.announce(guestId);
      }),
    ),

  suspend: (guestId, signal) =>
    calls.change("suspend", signal, (both) =>
      alone(guestId, both, async () => {
        if (machine.guest(guestId).power === "suspended") return;
        await machine.suspend(guestId);
        events.announce(guestId);
      }),
    ),
});

const liveMethods = ({ calls, machine, alone }: DriverWork): LiveChanger => ({
  change: (spec: GuestSpec, signal) =>
    calls.change("change", signal, (both) =>
      alone(spec.id, both, async () => {
        const guest = machine.guest(spec.id);
        if (guest.power !== "running" || !isSameSpec(guest.spec, spec)) await machine.change(spec);
        await machine.ensureDisks(spec.id);
      }),
    ),
});

function diskMethods({ calls, alone, world }: DriverWork): DiskMover & DiskKeeper {
  const disks = new StoppedDisks(world);
  return {
    layers: (guestId, signal): Promise<readonly DiskLayer[]> =>
      calls.ask("layers", signal, (both) => alone(guestId, both, () => disks.layers(guestId))),

    putLayer: (guestId, disk: DiskKey, file: BaseDisk, signal) =>
      calls.change("putLayer", signal, (both) => alone(guestId, both, () => disks.putLayer(guestId, disk, file))),

    keepDisks: (guestId, keepId, signal) =>
      calls.change("keepDisks", signal, (both) => alone(guestId, both, () => disks.keep(guestId, keepId))),

    restoreDisks: (guestId, keepId, signal) =>
      calls.change("restoreDisks", signal, (both) => alone(guestId, both, () => disks.restore(guestId, keepId))),

    dropDisks: (guestId, keepId) =>
      calls.change("dropDisks", undefined, (both) => alone(guestId, both, () => disks.drop(guestId, keepId))),
  };
}

const consoleMethods = ({ calls, clock, machine, options }: DriverWork): ConsoleReader => ({
  consoleLog: (guestId, mostBytes, signal) =>
    calls.ask("consoleLog", signal, async () =>
      endOf(consoleText(machine.guest(guestId), options.bootMs, clock.nowMs()), mostBytes),
    ),
});
