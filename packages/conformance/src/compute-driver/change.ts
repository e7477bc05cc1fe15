import type { ComputeCapabilities, GuestSpec } from "@cloudhost/core/ports";
import { assert, expect, it } from "vitest";
import { eachCase, extensionsOf, startToBoot, stateOf, unknownGuestId, withMemory } from "./case.ts";
import type { ComputeCase, OpenComputeSubject } from "./case.ts";

const isChanger = ({ liveResize, liveDisks, liveNics }: ComputeCapabilities): boolean =>
  liveResize || liveDisks || liveNics;

/** Changing a guest while it runs. Each capability allows one kind of change, and the others are refused. */
export function changeSuite(open: OpenComputeSubject): void {
  it(
    "gives a running guest vCPUs and memory",
    eachCase(open, async (subject) => {
      const { driver, guest, host, reopen, skip } = subject;
      skip(!driver.capabilities.liveResize, "the driver cannot resize a running guest");
      const larger = enlarged(guest);
      await startToBoot(subject);
      const changer = extensionsOf(driver, "liveResize");
      await changer.change(larger);
      await changer.change(larger);
      await expectKept(subject, larger);
      // The next start has it too.
      const reopened = await reopen();
      await reopened.recover();
      await reopened.stop(guest.id, 0);
      await reopened.start(guest.id);
      await reopened.define(larger);
      expect(await host.boots(guest.id)).toBeGreaterThan(0);
    }),
  );

  it(
    "gives a running guest data disks and takes them",
    eachCase(open, async (subject) => {
      const { driver, guest, host, ids, skip } = subject;
      skip(!driver.capabilities.liveDisks, "the driver cannot give a running guest disks");
      const [first, second] = [ids.next("dsk"), ids.next("dsk")];
      const disks = async (): Promise<string[]> => [...(await host.disks(guest.id)).keys()].toSorted();
      const withDisks = (...added: string[]): GuestSpec => ({
        ...guest,
        disks: [...guest.disks, ...added.map((id) => ({ kind: "data" as const, id, sizeGib: 1 }))],
      });
      await startToBoot(subject);
      const changer = extensionsOf(driver, "liveDisks");
      await changer.change(withDisks(first));
      await changer.change(withDisks(first, second));
      await changer.change(withDisks(first, second));
      expect(await disks()).toEqual([first, second, "system"].toSorted());
      const detached = { kind: "data" as const, id: first, sizeGib: 1, detached: true as const };
      await changer.change({ ...guest, disks: [...withDisks(second).disks, detached] });
      expect(await disks()).toEqual([first, second, "system"].toSorted());
      await changer.change(withDisks(second));
      expect(await disks()).toEqual([second, "system"].toSorted());
      await expectKept(subject, withDisks(second));
    }),
  );

  it(
    "gives a running guest a network interface and takes it",
    eachCase(open, async (subject) => {
      const { driver, guest, host, spareNic, skip } = subject;
      skip(!driver.capabilities.liveNics, "the driver cannot give a running guest interfaces");
      assert(
        host.taps !== undefined && spareNic !== undefined,
        "The driver claims liveNics: the subject has to give a spare interface and tell the taps.",
      );
      const more: GuestSpec = { ...guest, nics: [...guest.nics, spareNic] };
      await startToBoot(subject);
      const changer = extensionsOf(driver, "liveNics");
      await changer.change(more);
      await changer.change(more);
      expect(await host.taps(guest.id)).toContain(spareNic.tap);
      await expectKept(subject, more);
      await changer.change(guest);
      expect(await host.taps(guest.id)).not.toContain(spareNic.tap);
    }),
  );

  it(
    "refuses what takes a restart, and then changes nothing",
    eachCase(open, async (subject) => {
      const { driver, guest, ids, spareNic, skip } = subject;
      skip(!isChanger(driver.capabilities), "the driver cannot change a running guest");
      const { liveResize, liveDisks, liveNics } = driver.capabilities;
      const otherBase = { ...guest, base: { ...guest.base, digest: `sha256:${"0".repeat(64)}` } };
      const larger = enlarged(guest);
      const moreDisks = {
        ...guest,
        disks: [...guest.disks, { kind: "data" as const, id: ids.next("dsk"), sizeGib: 1 }],
      };
      await startToBoot(subject);
      const changer = extensionsOf(driver, "liveResize");
      for (const refused of [
        otherBase,
        // What it could do is not done either.
        { ...larger, base: otherBase.base },
        ...(liveResize ? [] : [larger]),
        ...(liveDisks ? [] : [moreDisks]),
        ...(liveNics || spareNic === undefined ? [] : [{ ...guest, nics: [...guest.nics, spareNic] }]),
      ]) {
        await expect(changer.change(refused)).rejects.toMatchObject({ code: "UNSUPPORTED" });
        await driver.define(guest);
      }
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
    }),
  );

  it(
    "refuses a guest that does not run, and one that it does not know",
    eachCase(open, async ({ driver, guest, skip }) => {
      skip(!isChanger(driver.capabilities), "the driver cannot change a running guest");
      const changer = extensionsOf(driver, "liveResize");
      await driver.define(guest);
      await expect(changer.change(guest)).rejects.toMatchObject({ code: "CONFLICT" });
      await expect(changer.change({ ...guest, id: unknownGuestId })).rejects.toMatchObject({ code: "GUEST_NOT_FOUND" });
    }),
  );
}

/** Linux takes memory in blocks of 128 MiB, so that no driver needs to give less. */
const enlarged = (guest: GuestSpec): GuestSpec => ({
  ...withMemory(guest, guest.memoryMib + 128),
  vcpus: guest.vcpus + 1,
});

/** It runs as changed now, in the same boot: that specification is no change, and the old one is. */
async function expectKept({ driver, guest, host }: ComputeCase, changed: GuestSpec): Promise<void> {
  await driver.define(changed);
  await expect(driver.define(guest)).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
  expect(await host.boots(guest.id)).toBe(1);
}
