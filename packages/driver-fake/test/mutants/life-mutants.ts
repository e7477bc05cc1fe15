import type { GuestSpec } from "@cloudhost/core/ports";
import { nothing } from "./mutant.ts";
import type { FakeDriver, Mutant } from "./mutant.ts";

/** Stops the guest, so that it can be changed, and starts it again. */
async function whileStopped(driver: FakeDriver, guestId: string, work: () => Promise<void>): Promise<void> {
  await driver.stop(guestId, 0);
  await work();
  await driver.start(guestId);
}

/** Faults in what a driver does beyond starting and stopping. */
export const lifeMutants: readonly Mutant[] = [
  {
    name: "that only says it paused",
    behaviour: "pause",
    caught: [
      "halts a running guest, and lets it go on",
      "refuses a guest that does not run, and one that it does not know",
      "leaves it paused over an agent's restart, a picture of its disk and a define",
    ],
    mutate: () => ({ pause: nothing }),
  },
  {
    name: "that boots what it should let go on",
    behaviour: "pause",
    caught: [
      "halts a running guest, and lets it go on",
      "refuses a guest that does not run, and one that it does not know",
    ],
    mutate: (driver) => ({ unpause: (id) => whileStopped(driver, id, nothing) }),
  },
  {
    name: "that loses the memory of a suspended guest",
    behaviour: "suspend",
    caught: [
      "gives its power up, and a start lets it go on where it was",
      "leaves it suspended over an agent's restart, a picture of its disk and a define",
    ],
    mutate: (driver) => ({
      start: async (id) => {
        if ((await driver.get(id))?.power === "suspended") await driver.stop(id, 0);
        await driver.start(id);
      },
    }),
  },
  {
    name: "that gives a suspended guest other memory",
    behaviour: "suspend",
    caught: ["leaves it suspended over an agent's restart, a picture of its disk and a define"],
    mutate: (driver) => ({
      define: async (spec) => {
        if ((await driver.get(spec.id))?.power === "suspended") await driver.stop(spec.id, 0);
        await driver.define(spec);
      },
    }),
  },
  {
    name: "that keeps data disks which are gone",
    behaviour: "data disks",
    caught: [
      "go with a define, and come back empty",
      "stay on the host with all that is on them while they are detached",
    ],
    mutate: (driver) => {
      let seen: GuestSpec["disks"] = [];
      return {
        define: async (spec) => {
          const isNew = (disk: GuestSpec["disks"][number]): boolean =>
            disk.kind === "data" && !spec.disks.some((other) => other.kind === "data" && other.id === disk.id);
          seen = [...spec.disks, ...seen.filter(isNew)];
          await driver.define({ ...spec, disks: seen });
        },
      };
    },
  },
  {
    name: "that makes disks anew at each define",
    behaviour: "data disks",
    caught: [
      "come with a define, keep what is on them, and grow",
      "go with a define, and come back empty",
      "stay on the host with all that is on them while they are detached",
      "never shrink, and so does no other disk",
    ],
    mutate: (driver) => ({
      define: async (spec) => {
        if ((await driver.get(spec.id))?.power === "stopped") await driver.remove(spec.id);
        await driver.define(spec);
      },
    }),
  },
  {
    name: "that changes a guest by a restart",
    behaviour: "change",
    caught: [
      "gives a running guest vCPUs and memory",
      "gives a running guest data disks and takes them",
      "gives a running guest a network interface and takes it",
      "refuses what takes a restart, and then changes nothing",
      "refuses a guest that does not run, and one that it does not know",
    ],
    mutate: (driver) => ({
      change: (spec) => whileStopped(driver, spec.id, () => driver.define(spec)),
    }),
  },
  {
    name: "that forgets a change",
    behaviour: "change",
    caught: [
      "gives a running guest vCPUs and memory",
      "gives a running guest data disks and takes them",
      "gives a running guest a network interface and takes it",
      "refuses what takes a restart, and then changes nothing",
      "refuses a guest that does not run, and one that it does not know",
    ],
    mutate: () => ({ change: nothing }),
  },
  {
    name: "that rescues a guest from its own disk",
    behaviour: "rescue",
    caught: ["boots beside the guest's own disks, and leaves them as they were"],
    mutate: (driver) => ({
      define: (spec) => {
        const { rescue: _, ...withoutRescue } = spec;
        return driver.define(withoutRescue);
      },
    }),
  },
  {
    name: "that carries no layer",
    behaviour: "layers",
    caught: [
      "carries what the guest wrote to another host, and not the base",
      "refuses a guest that runs, and one that it does not know",
      "refuses a file that is no layer, and keeps the disk",
    ],
    mutate: () => ({ putLayer: nothing }),
  },
  {
    name: "that keeps what is newest",
    behaviour: "keepDisks",
    caught: ["gives back what was kept, sizes included, and keeps it on"],
    mutate: (driver) => ({
      keepDisks: async (id, keepId) => {
        await driver.dropDisks(id, keepId);
        await driver.keepDisks(id, keepId);
      },
    }),
  },
  {
    name: "that restores nothing",
    behaviour: "keepDisks",
    caught: [
      "gives back what was kept, sizes included, and keeps it on",
      "brings back a system disk of another base, and a data disk that was deleted",
      "refuses a guest that runs, an id under which nothing is kept, and an unknown guest",
      "leaves nothing when it is dropped, or gone with its guest",
    ],
    mutate: () => ({ restoreDisks: nothing }),
  },
  {
    name: "that gives the console's beginning",
    behaviour: "consoleLog",
    caught: ["gives the end of it, and no more than was asked"],
    mutate: (driver) => ({
      consoleLog: async (id, mostBytes) => (await driver.consoleLog(id, 2 ** 20)).slice(0, mostBytes),
    }),
  },
  {
    name: "that keeps the console of one run",
    behaviour: "consoleLog",
    caught: ["keeps what the guest wrote in this run and in earlier ones"],
    mutate: (driver) => ({
      consoleLog: async (id, mostBytes) => {
        const text = await driver.consoleLog(id, mostBytes);
        return text.slice(Math.max(0, text.lastIndexOf("Linux version")));
      },
    }),
  },
];
