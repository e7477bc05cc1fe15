import { describe, expect, it } from "vitest";
import { openFake } from "./subject.ts";

describe("a fake guest that stands still", () => {
  it("uses nothing, writes nothing and boots no further", async () => {
    await using fake = await openFake({ bootMs: 2000 });
    const { compute, clock, guest, world } = fake;
    const ran = async (): Promise<number | undefined> => (await world.statistics(guest.id, clock.nowMs()))?.ranMs;
    await compute.define(guest);
    await compute.start(guest.id);
    await clock.sleep(1000);
    await compute.pause(guest.id);
    await clock.sleep(60_000);
    expect(await ran()).toBe(1000);
    expect(await compute.get(guest.id)).toMatchObject({ power: "paused", ready: "booting" });
    await compute.unpause(guest.id);
    await clock.sleep(500);
    await compute.suspend(guest.id);
    await clock.sleep(60_000);
    expect(await ran()).toBe(1500);
    await compute.start(guest.id);
    expect(await compute.get(guest.id)).toMatchObject({ power: "running", ready: "booting" });
    await clock.sleep(500);
    expect(await compute.get(guest.id)).toMatchObject({ ready: "ready" });
  });
});

describe("a fake guest's console", () => {
  it("tells how far it has booted, and how it ended", async () => {
    await using fake = await openFake({ bootMs: 2000, shutdownMs: 500 });
    const { compute, clock, guest } = fake;
    const lastLine = async (): Promise<string | undefined> =>
      (await compute.consoleLog(guest.id, 2 ** 20)).trimEnd().split("\n").at(-1);
    await compute.define(guest);
    await compute.start(guest.id);
    await clock.sleep(500);
    expect(await lastLine()).toContain("virtio_blk");
    await clock.sleep(1500);
    expect(await lastLine()).toContain("login:");
    await compute.reboot(guest.id, "cmd_1", 1000);
    expect(await compute.consoleLog(guest.id, 2 ** 20)).toContain("reboot: Restarting system");
    await clock.sleep(5000);
    await compute.stop(guest.id, 1000);
    expect(await lastLine()).toContain("reboot: Power down");
  });

  it("stays small however often it boots, and never ends in half a character", async () => {
    await using fake = await openFake();
    const { compute, guest } = fake;
    await compute.define(guest);
    for (let boot = 0; boot < 100; boot += 1) await compute.reboot(guest.id, `cmd_${boot}`, 0);
    const text = await compute.consoleLog(guest.id, 2 ** 20);
    expect(text.length).toBeLessThan(20_000);
    expect(Buffer.byteLength(await compute.consoleLog(guest.id, 10))).toBe(10);
  });
});
