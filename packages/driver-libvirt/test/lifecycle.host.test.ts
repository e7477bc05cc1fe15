import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, open, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { macAddress, systemClock, tapName, uuidv7Ids } from "@cloudhost/core/ports";
import type { BaseDisk, GuestNic, GuestSpec, GuestState } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { openTestHost } from "./support/host.ts";
import type { TestHost } from "./support/host.ts";
import { processesOf, readLimits } from "./support/observe.ts";
import { testBoot } from "./support/subject.ts";
import { useGuests } from "./support/use-guests.ts";

const run = promisify(execFile);
const ids = uuidv7Ids(systemClock());
const host = await openTestHost();

describe.skipIf(host === undefined)("guests of a real libvirtd, through their lives,", () => {
  const { daemonDir, image } = host ?? ({} as TestHost);
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

  it("take their own layers over from another host, and no file that leads elsewhere", async () => {
    const dataId = ids.next("dsk");
    const disks: GuestSpec["disks"] = [
      { kind: "system", sizeGib: 2 },
      { kind: "data", id: dataId, sizeGib: 1 },
    ];
    const guest = await guests.defined({ disks });
    const { driver } = guests;
    const make = async (name: string, ...options: string[]): Promise<BaseDisk> => {
      const path = join(guests.stateDir, name);
      await run("qemu-img", ["create", "-q", "-f", "qcow2", ...options, path, "1G"]);
      return { path, format: "qcow2", digest: guest.base.digest };
    };
    expect(await driver.layers(guest.id)).toMatchObject([
      { disk: "system", path: guests.fileOf(guest, "system.qcow2") },
      { disk: dataId, path: guests.fileOf(guest, `data-${dataId}.qcow2`) },
    ]);

    // On its host the base lies elsewhere; there is no such file here.
    const layer = await make("layer.qcow2", "-u", "-F", "raw", "-b", "/elsewhere/base.raw");
    await run("qemu-img", ["rebase", "-u", "-f", "qcow2", "-F", "raw", "-b", guest.base.path, layer.path]);
    await run("qemu-io", ["-f", "qcow2", "-c", "write -P 0x33 1M 64k", layer.path]);
    await run("qemu-img", ["rebase", "-u", "-f", "qcow2", "-F", "raw", "-b", "/elsewhere/base.raw", layer.path]);
    await driver.putLayer(guest.id, "system", layer);
    await driver.putLayer(guest.id, "system", layer);
    await has(guest, "0x33");
    const { stdout } = await run("qemu-img", ["info", "--output=json", guests.fileOf(guest, "system.qcow2")]);
    expect(JSON.parse(stdout)).toMatchObject({
      "virtual-size": 2 * 2 ** 30,
      "backing-filename": guest.base.path,
      "backing-filename-format": "raw",
    });
    await driver.putLayer(guest.id, dataId, await make("data.qcow2"));

    const dataFile = await make("outside.qcow2", "-o", `data_file=${join(guests.stateDir, "outside.raw")}`);
    const large = await make("large.qcow2");
    await run("qemu-img", ["resize", "-q", large.path, "3G"]);
    for (const evil of [
      await make("over.qcow2", "-u", "-F", "raw", "-b", "/etc/passwd"),
      dataFile,
      large,
      { ...layer, path: guest.base.path },
    ]) {
      await expect(driver.putLayer(guest.id, dataId, evil)).rejects.toMatchObject({ code: "IMAGE_CORRUPT" });
    }
    await expect(driver.putLayer(guest.id, ids.next("dsk"), layer)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await driver.start(guest.id);
    await expect(driver.putLayer(guest.id, "system", layer)).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(driver.layers(guest.id)).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await readdir(guests.fileOf(guest, "."))).filter((name) => name.endsWith(".new"))).toEqual([]);
  });

  it("are given processors, memory, disks and interfaces while they run, and give the last two back", async () => {
    const guest = await guests.booted("cloudhost.hotplug", { milliEcuPerVcpu: 2000 });
    const { driver } = guests;
    await using tap = await openTap();
    const larger: GuestSpec = {
      ...guest,
      vcpus: 2,
      milliEcuPerVcpu: 4000,
      memoryMib: guest.memoryMib + 128,
      disks: [
        { kind: "system", sizeGib: 2 },
        { kind: "data", id: ids.next("dsk"), sizeGib: 1 },
      ],
      nics: [tap.nic],
    };
    await says(guest, /cpus=1 memory=\d\d disks=vda nics=eth\*$/);
    await driver.change(larger);
    await driver.change(larger);
    await driver.define(larger);
    await says(guest, /cpus=2 memory=2\d\d disks=vda vdb nics=eth0$/);
    expect(await readLimits(host as TestHost, guest.id)).toEqual({
      shares: 8192,
      periodUs: 100_000,
      quotaUsPerVcpu: 100_000,
      vcpuSet: "1",
      emulatorSet: "0",
    });
    const dataDisk = guests.fileOf(guest, `data-${larger.disks[1]?.kind === "data" ? larger.disks[1].id : ""}.qcow2`);
    expect(existsSync(dataDisk)).toBe(true);
    for (const refused of [{ memoryMib: guest.memoryMib }, { vcpus: 1 }, { vcpus: 5 }, { memoryMib: 321 }]) {
      await expect(driver.change({ ...larger, ...refused })).rejects.toMatchObject({ code: "UNSUPPORTED" });
    }

    const bare: GuestSpec = { ...larger, disks: larger.disks.slice(0, 1), nics: [] };
    await driver.change(bare);
    await says(guest, /cpus=2 memory=2\d\d disks=vda nics=eth\*$/);
    expect(existsSync(dataDisk)).toBe(false);
    await driver.stop(guest.id, 0);
    await expect(driver.change(larger)).rejects.toMatchObject({ code: "CONFLICT" });
    // The next start has it all from the beginning.
    await driver.start(guest.id);
    await says(guest, /cpus=2 memory=2\d\d disks=vda nics=eth\*$/);
  });

  it("boot from another image while they are rescued, their own disk beside it", async () => {
    const guest = await guests.defined({}, "cloudhost.hotplug");
    const rescued: GuestSpec = {
      ...guest,
      rescue: { base: { ...image.disk, format: "raw" }, boot: testBoot(host as TestHost, "cloudhost.hotplug") },
    };
    const { driver } = guests;
    await driver.define(rescued);
    await driver.start(guest.id);
    await says(guest, /disks=vda vdb nics/);
    const { path } = await driver.freezeDisk(guest.id, ids.next("snp"));
    await run("qemu-img", ["compare", "-U", "-f", "qcow2", "-F", "qcow2", path, guests.fileOf(guest, "system.qcow2")]);
    await driver.stop(guest.id, 0);
    await driver.define(guest);
    expect(existsSync(guests.fileOf(guest, "rescue.qcow2"))).toBe(false);
  });

  /** Waits until the newest that a guest has said of what it has is this. */
  const says = async (guest: GuestSpec, what: RegExp): Promise<void> => {
    const newest = async (): Promise<string | undefined> =>
      (await guests.consoleOf(guest)).split(/\r?\n/).findLast((line) => line.startsWith("guest: "));
    await expect.poll(newest, { timeout: 60_000, interval: 200 }).toMatch(what);
  };
});

/** A tap as the network driver makes one. */
async function openTap(): Promise<AsyncDisposable & { readonly nic: GuestNic }> {
  const id = ids.next("nic");
  const [tap, mac] = [tapName(id), macAddress(id)];
  await run("ip", ["tuntap", "add", "dev", tap, "mode", "tap"]);
  return {
    nic: { id, tap, mac, address: "198.51.100.2", prefixLength: 30, gateway: "198.51.100.1" },
    [Symbol.asyncDispose]: async () => void (await run("ip", ["link", "delete", tap])),
  };
}
