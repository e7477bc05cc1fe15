import { writeFile } from "node:fs/promises";
import type { GuestSpec } from "@cloudhost/core/ports";
import { lifeMutants } from "./life-mutants.ts";
import { nothing } from "./mutant.ts";
import type { Mutant } from "./mutant.ts";

/** Faults that drivers have had, or nearly. */
export const mutants: readonly Mutant[] = [
  {
    name: "that only says it started",
    behaviour: "start",
    caught: [
      "runs a defined guest",
      "may be repeated, as after a crash",
      "refuses a guest that it does not know",
      "tells when the guest's OS has booted",
    ],
    mutate: () => ({ start: nothing }),
  },
  {
    name: "that guesses readiness from the power",
    behaviour: "start",
    host: { capabilities: { guestReady: false } },
    caught: ["guesses nothing from the power state"],
    mutate: (driver) => ({
      get: async (id) => {
        const state = await driver.get(id);
        return state?.power === "running" ? { ...state, ready: "ready" } : state;
      },
    }),
  },
  {
    name: "that claims a quota and sets none",
    behaviour: "capabilities",
    caught: ["cpuQuota: the kernel holds the guest to its EUCU"],
    mutate: (driver) => ({
      define: (spec: GuestSpec) => driver.define({ ...spec, milliEcuPerVcpu: spec.milliEcuPerVcpu * 2 }),
    }),
  },
  {
    name: "that claims live resize and lacks it",
    behaviour: "capabilities",
    caught: ["each and its methods are there together, or not at all"],
    mutate: () => ({ change: undefined }),
  },
  {
    name: "that reboots at each repeat",
    behaviour: "reboot",
    caught: ["reboots once for one command, however often it is repeated"],
    mutate: (driver) => {
      let repeats = 0;
      return { reboot: (id, commandId, graceMs) => driver.reboot(id, `${commandId}-${(repeats += 1)}`, graceMs) };
    },
  },
  {
    name: "that takes a new picture each time",
    behaviour: "freezeDisk",
    caught: [
      "gives the same picture for the same snapshot, also after a restart",
      "leaves as much on the host after the release as before",
    ],
    mutate: (driver) => {
      let repeats = 0;
      return { freezeDisk: (id, snapshotId) => driver.freezeDisk(id, `${snapshotId}${(repeats += 1)}`) };
    },
  },
  {
    name: "that lets a picture change",
    behaviour: "freezeDisk",
    caught: ["stands still while the guest goes on"],
    mutate: (driver) => {
      let picture: string | undefined;
      return {
        freezeDisk: async (id, snapshotId) => {
          const source = await driver.freezeDisk(id, snapshotId);
          picture = source.path;
          return source;
        },
        start: async (id) => {
          await driver.start(id);
          if (picture !== undefined) await writeFile(picture, "changed", { flag: "r+" });
        },
      };
    },
  },
  {
    name: "that changes a guest under its feet",
    behaviour: "define",
    caught: [
      "takes a seed, the same again, and leaves nothing of it",
      "changes a stopped guest",
      "leaves a running guest alone",
    ],
    mutate: (driver) => ({
      define: async (spec: GuestSpec) => {
        const running = (await driver.get(spec.id))?.power === "running";
        if (running) await driver.stop(spec.id, 0);
        await driver.define(spec);
        if (running) await driver.start(spec.id);
      },
    }),
  },
  {
    name: "that keeps what is released",
    behaviour: "freezeDisk",
    caught: ["leaves as much on the host after the release as before"],
    mutate: () => ({ releaseDisk: nothing }),
  },
  {
    name: "that forgets to remove",
    behaviour: "remove",
    caught: [
      "leaves nothing of a running guest, its disks and pictures included",
      "may be repeated, and of an unknown guest nothing is left to remove",
      "lets the guest be defined anew, from its base",
    ],
    mutate: () => ({ remove: nothing }),
  },
  {
    name: "that heeds no signal",
    behaviour: "cancellation",
    caught: ["does nothing when the signal has fired already"],
    mutate: (driver) => ({ start: (id) => driver.start(id) }),
  },
  {
    name: "that tells of no change",
    behaviour: "events",
    caught: ["tells of changes, and ends with its signal", "serves several listeners"],
    mutate: () => ({ events: silence }),
  },
  {
    name: "that offers its reserve",
    behaviour: "inventory",
    caught: ["leaves out what the host keeps for itself", "leaves out the reserve of disk"],
    mutate: (driver) => ({
      inventory: async () => ({ ...(await driver.inventory()), memoryMib: 65_536, diskGib: 1000, guestCores: 16 }),
    }),
  },
  {
    name: "that lists nobody",
    behaviour: "get and list",
    caught: ["has each guest once, as get tells it", "has every guest of this host"],
    mutate: () => ({ list: silence }),
  },
  ...lifeMutants,
];

// oxlint-disable-next-line require-yield -- that is the fault
async function* silence(): AsyncGenerator<never> {}
