import { execFile } from "node:child_process";
import { copyFile, mkdir, open, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemClock, uuidv7Ids } from "@cloudhost/core/ports";
import type { BaseDisk, GuestSpec, GuestState } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { openTestHost } from "./support/host.ts";
import type { TestHost } from "./support/host.ts";
import { processesOf } from "./support/observe.ts";
import { useGuests } from "./support/use-guests.ts";

const run = promisify(execFile);
const ids = uuidv7Ids(systemClock());
const host = await openTestHost();

describe.skipIf(host === undefined)("guests of a real libvirtd, through their lives,", () => {
  const { daemonDir } = host ?? ({} as TestHost);
  const guests = useGuests(host as TestHost);
  const twoDisks = [
    { kind: "system", sizeGib: 1 },
    { kind: "ephemeral", sizeGib: 1 },
  ] as const;
  const otherBase = async (): Promise<BaseDisk> => {
    const path = join(guests.stateDir, "other.raw");
    await run("qemu-img", ["create", "-q", "-f", "raw", path, "64M"]);
    return { path, format: "raw", digest: `sha256:${"1".repeat(64)}` };
  };
  const powerOf = async ({ id }: GuestSpec): Promise<GuestState["power"] | undefined> =>
    (await guests.driver.get(id))?.power;
  const bootsOf = async (guest: GuestSpec): Promise<number> =>
    (await guests.consoleOf(guest)).split("guest: ready").length - 1;

  it("keep their memory while they are paused, and on disk while they are suspended", async () => {
    const guest = await guests.booted();
    await guests.driver.pause(guest.id);
    await guests.driver.pause(guest.id);
    expect(await guests.driver.get(guest.id)).toEqual({ id: guest.id, power: "paused", ready: "ready" });
    await expect(guests.driver.suspend(guest.id)).rejects.toMatchObject({ code: "CONFLICT" });
    await guests.driver.unpause(guest.id);
    await guests.driver.unpause(guest.id);
    expect(await powerOf(guest)).toBe("running");

    await guests.driver.suspend(guest.id);
    await guests.driver.suspend(guest.id);
    expect(await processesOf(guest.id)).toEqual([]);
    await guests.reopen();
    expect(await guests.driver.get(guest.id)).toEqual({ id: guest.id, power: "suspended", ready: "unknown" });
    // It goes on as what it was, with the disks that it had.
    const { driver } = guests;
    for (const refused of [
      driver.define({ ...guest, memoryMib: 256 }),
      driver.keepDisks(guest.id, "snp_1"),
      driver.pause(guest.id),
      driver.unpause(guest.id),
    ]) {
      await expect(refused).rejects.toMatchObject({ code: "CONFLICT", details: { state: "suspended" } });
    }
    await driver.start(guest.id);
    expect(await driver.get(guest.id)).toEqual({ id: guest.id, power: "running", ready: "ready" });
    expect(await bootsOf(guest)).toBe(1);

    await driver.suspend(guest.id);
    await driver.stop(guest.id, 0);
    expect(await driver.get(guest.id)).toEqual({ id: guest.id, power: "stopped", ready: "unknown" });
    expect(await driver.consoleLog(guest.id, 2 ** 20)).toBe(await guests.consoleOf(guest));
    expect(await driver.consoleLog(guest.id, 5)).toHaveLength(5);
    await driver.start(guest.id);
    expect(await driver.get(guest.id)).toEqual({ id: guest.id, power: "running", ready: "booting" });
  });

  it("boot anew when their memory was not written to its end", async () => {
    const guest = await guests.defined();
    await guests.driver.start(guest.id);
    await guests.driver.suspend(guest.id);
    // As libvirt marks a file that it is still writing.
    await using saved = await open(join(daemonDir, "lib/qemu/save", `${guest.id}.save`), "r+");
    await saved.write("LibvirtQemudPart", 0);
    await guests.reopen();
    expect(await guests.driver.get(guest.id)).toEqual({ id: guest.id, power: "stopped", ready: "unknown" });
    await guests.driver.start(guest.id);
    expect(await guests.driver.get(guest.id)).toMatchObject({ power: "running", ready: "booting" });
  });

  const write = (guest: GuestSpec, byte: string): Promise<unknown> =>
    run("qemu-io", ["-f", "qcow2", "-c", `write -P ${byte} 1M 64k`, guests.fileOf(guest, "system.qcow2")]);
  /** Fails when the disk has other bytes there. */
  const has = (guest: GuestSpec, byte: string): Promise<unknown> =>
    run("qemu-io", ["-r", "-f", "qcow2", "-c", `read -P ${byte} 1M 64k`, guests.fileOf(guest, "system.qcow2")]);

  it("get back the disks that were kept, whatever became of them since", async () => {
    const keepId = ids.next("snp");
    const guest = await guests.defined();
    const { driver } = guests;
    await write(guest, "0x11");
    await driver.keepDisks(guest.id, keepId);
    await write(guest, "0x22");
    // The first is kept.
    await driver.keepDisks(guest.id, keepId);
    const rebuilt = { ...guest, base: await otherBase(), disks: [{ kind: "system" as const, sizeGib: 3 }] };
    await driver.define(rebuilt);
    await has(guest, "0x00");
    await driver.restoreDisks(guest.id, keepId);
    await driver.define(guest);
    await has(guest, "0x11");
    await driver.dropDisks(guest.id, keepId);
    await driver.dropDisks(guest.id, keepId);
    await expect(driver.restoreDisks(guest.id, keepId)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await readdir(guests.fileOf(guest, "kept"))).toEqual([]);
  });

  it("have their old disks or the kept ones after a crash, never some of each", async () => {
    const keepId = ids.next("snp");
    const guest = await guests.defined({ disks: [...twoDisks] });
    const folder = guests.fileOf(guest, ".");
    await write(guest, "0x11");
    await guests.driver.keepDisks(guest.id, keepId);
    await write(guest, "0x22");
    const copy = async (name: string): Promise<void> =>
      copyFile(join(folder, "kept", keepId, name), join(folder, `${name}.restoring`));
    const before = (await readdir(folder)).toSorted();

    // Killed while it made the copies: as if it had not begun.
    await copy("system.qcow2");
    await mkdir(join(folder, "kept", "half.partial"));
    await guests.reopen();
    await has(guest, "0x22");
    expect((await readdir(folder)).toSorted()).toEqual(before);
    expect(await readdir(join(folder, "kept"))).toEqual([keepId]);

    // Killed between the two renames: the first is done.
    await copy("system.qcow2");
    await writeFile(join(folder, "restoring"), JSON.stringify(["ephemeral-0.qcow2", "system.qcow2"]));
    await guests.reopen();
    await has(guest, "0x11");
    expect((await readdir(folder)).toSorted()).toEqual(before);
  });
});
