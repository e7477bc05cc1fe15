import { access } from "node:fs/promises";
import { cpuBudget, StrangerGuest } from "@cloudhost/core/ports";
import type { AdoptGuest, ComputeDriver, ComputeExtensions, GuestAdopter } from "@cloudhost/core/ports";
import { assert, expect, it } from "vitest";
import { eachCase, extensionsOf, listed, stateOf, unknownGuestId } from "./case.ts";
import type { ComputeCase, OpenComputeSubject } from "./case.ts";

/** A stranger on the host, and how it is seen there. */
interface Stranger {
  readonly driver: ComputeDriver & ComputeExtensions;
  readonly key: string;
  readonly adopted: AdoptGuest;
  /** Made anew at each call. */
  readonly picture: () => Promise<unknown>;
}

/** Guests that came past the driver: seen, adopted, given back. */
export function adoptSuite(open: OpenComputeSubject): void {
  it(
    "tells of guests that are not ours, and of no other",
    eachCase(open, async (subject) => {
      const { key, driver, picture } = await strangerFor(subject, "stopped");
      const before = await picture();
      await driver.define(subject.guest);
      const strangers = await strangersOf(driver);
      expect(strangers.map((stranger) => stranger.key)).toEqual([key]);
      expect(StrangerGuest.parse(strangers[0])).toMatchObject({ power: "stopped", vcpus: 1, obstacles: [] });
      expect(strangers[0]?.disks).toHaveLength(1);
      expect((await listed(driver)).map(({ id }) => id)).toEqual([subject.guest.id]);
      expect(await picture()).toEqual(before);
    }),
  );

  it(
    "adopts a guest that runs, which goes on within its budget, and gives it back",
    eachCase(open, async (subject) => {
      const { guest, host, reopen } = subject;
      const { adopted, driver, key, picture } = await strangerFor(subject, "running");
      const before = await picture();
      await driver.adopt(adopted);
      await driver.adopt(adopted);
      const running = { id: guest.id, power: "running", ready: "unknown" };
      expect(await listed(driver)).toEqual([running]);
      expect(await strangersOf(driver)).toEqual([]);
      const { periodUs, quotaUsPerVcpu } = cpuBudget(adopted, await driver.inventory());
      const held = driver.capabilities.cpuQuota ? await host.cpuBudget?.(guest.id) : { periodUs, quotaUsPerVcpu };
      expect(held).toMatchObject({ periodUs, quotaUsPerVcpu });
      await expect(driver.define(guest)).rejects.toMatchObject({ code: "CONFLICT" });
      const reopened = (await reopen()) as typeof driver;
      await reopened.recover();
      expect(await stateOf(reopened, guest)).toEqual(running);
      await reopened.disown(guest.id);
      await reopened.disown(guest.id);
      expect(await stateOf(reopened, guest)).toBeUndefined();
      expect((await strangersOf(reopened)).map((stranger) => stranger.key)).toEqual([key]);
      expect(await picture()).toEqual(before);
      expect(await host.leftovers(guest.id)).toEqual([]);
    }),
  );

  it(
    "starts, stops and removes an adopted guest like any other, its disk with it",
    eachCase(open, async (subject) => {
      const { guest, host } = subject;
      const { adopted, driver } = await strangerFor(subject, "stopped");
      const [stranger] = await strangersOf(driver);
      await driver.adopt(adopted);
      await driver.start(guest.id);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
      await driver.reboot(guest.id, "cmd_1", 0);
      await driver.stop(guest.id, 0);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "stopped" });
      const disk = stranger?.disks[0]?.source ?? "";
      await access(disk);
      await driver.remove(guest.id);
      await driver.remove(guest.id);
      expect(await listed(driver)).toEqual([]);
      expect(await strangersOf(driver)).toEqual([]);
      await expect(access(disk)).rejects.toMatchObject({ code: "ENOENT" });
      expect(await host.leftovers(guest.id)).toEqual([]);
    }),
  );

  it(
    "gives a stopped guest interfaces in the place of its own, and takes them back",
    eachCase(open, async (subject) => {
      const { guest, host, spareNic } = subject;
      const { adopted, driver, picture } = await strangerFor(subject, "stopped");
      assert(spareNic !== undefined && host.taps !== undefined, "The subject has to have a spare interface.");
      const before = await picture();
      await driver.adopt({ ...adopted, nics: [spareNic] });
      await driver.start(guest.id);
      expect(await host.taps(guest.id)).toEqual([spareNic.tap]);
      await driver.stop(guest.id, 0);
      await driver.disown(guest.id);
      expect(await picture()).toEqual(before);
    }),
  );

  it(
    "refuses what is not there or does not fit, and leaves its own guests alone",
    eachCase(open, async (subject) => {
      const { guest, spareNic } = subject;
      const { adopted, driver, picture } = await strangerFor(subject, "running");
      const before = await picture();
      const unknown = { ...adopted, key: "00000000-0000-4000-8000-000000000000" };
      await expect(driver.adopt(unknown)).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(driver.adopt({ ...adopted, memoryMib: 1 })).rejects.toMatchObject({ code: "CONFLICT" });
      assert(spareNic !== undefined, "The subject has to have a spare interface.");
      await expect(driver.adopt({ ...adopted, nics: [spareNic] })).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await listed(driver)).toEqual([]);
      expect(await picture()).toEqual(before);
      await driver.define(guest);
      await driver.disown(guest.id);
      await driver.disown(unknownGuestId);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "stopped" });
    }),
  );
}

async function strangerFor(subject: ComputeCase, power: "running" | "stopped"): Promise<Stranger> {
  const { driver, guest, host, skip } = subject;
  skip(!driver.capabilities.adopt, "the driver adopts no guests");
  const able = extensionsOf(driver, "adopt");
  assert(
    host.addStranger !== undefined && host.strangerPicture !== undefined,
    "The driver claims adopt: the subject has to make strangers and look at them.",
  );
  const key = await host.addStranger(power);
  const { id, milliEcuPerVcpu, memoryMib } = guest;
  const adopted = { key, id, milliEcuPerVcpu, memoryMib, vcpus: 1, nics: [] };
  return { driver: able, key, adopted, picture: async () => host.strangerPicture?.(key) };
}

async function strangersOf(driver: GuestAdopter): Promise<StrangerGuest[]> {
  const strangers: StrangerGuest[] = [];
  for await (const stranger of driver.strangers()) strangers.push(stranger);
  return strangers;
}
