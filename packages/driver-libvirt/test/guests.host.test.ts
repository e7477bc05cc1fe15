import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { macAddress, systemClock, tapName, uuidOf, uuidv7Ids } from "@cloudhost/core/ports";
import type { ComputeDriver, GuestNic, GuestSpec } from "@cloudhost/core/ports";
import { Libvirt, VIR } from "@cloudhost/libvirt-rpc";
import { afterEach, assert, beforeEach, describe, expect, it } from "vitest";
import { record } from "../../../scripts/ledger.ts";
import { LibvirtComputeDriver } from "../src/driver.ts";
import { metadataNamespace, metadataPrefix } from "../src/guests/record.ts";
import { startPrivateLibvirtd } from "../src/index.ts";
import { openTestHost } from "./support/host.ts";
import type { TestHost } from "./support/host.ts";
import { processesOf, readLimits } from "./support/observe.ts";
import { makeStranger, pictureOf, removeStranger, strangerDisk, strangerXml } from "./support/stranger.ts";
import { openDriver, testGuest } from "./support/subject.ts";

const run = promisify(execFile);
const ids = uuidv7Ids(systemClock());
const host = await openTestHost();
const bootMs = 90_000;

describe.skipIf(host === undefined)("guests of a real libvirtd", () => {
  const { libvirtd, image, dir } = host ?? ({} as TestHost);
  let stateDir: string;
  let driver: ComputeDriver;
  let guests: GuestSpec[];

  beforeEach(async () => {
    stateDir = await mkdtemp(join(dir, "s-"));
    driver = await openDriver(host as TestHost, "host-1", stateDir);
    guests = [];
  });
  afterEach(async () => {
    for (const { id } of guests) await driver.remove(id);
    await driver[Symbol.asyncDispose]();
    await rm(stateDir, { recursive: true });
  });

  const fileOf = (guest: GuestSpec, name: string): string => join(stateDir, "instances", guest.id, name);
  const consoleOf = (guest: GuestSpec): Promise<string> => readFile(fileOf(guest, "console.log"), "latin1");
  const defined = async (changes: Partial<GuestSpec> = {}, kernelArguments = ""): Promise<GuestSpec> => {
    const guest = { ...testGuest(host as TestHost, kernelArguments), ...changes };
    guests.push(guest);
    await driver.define(guest);
    return guest;
  };
  const isReady = async (guest: GuestSpec, ready: "ready" | "booting" = "ready"): Promise<void> => {
    await expect.poll(() => driver.get(guest.id), { timeout: bootMs, interval: 100 }).toMatchObject({ ready });
    if (ready === "ready") record({ kind: "guestBooted", guest: guest.id });
  };
  const booted = async (kernelArguments = "", changes: Partial<GuestSpec> = {}): Promise<GuestSpec> => {
    const guest = await defined(changes, kernelArguments);
    await driver.start(guest.id);
    await isReady(guest);
    return guest;
  };

  it("get from the kernel just the compute that they bought, on the guests' cores", async () => {
    for (const [vcpus, milliEcuPerVcpu, shares, quotaUsPerVcpu] of [
      [1, 1000, 1024, 25_000],
      [1, 2000, 2048, 50_000],
      [2, 2000, 4096, 50_000],
      [1, 4000, 4096, 100_000],
    ] as const) {
      const guest = await defined({ vcpus, milliEcuPerVcpu });
      await driver.start(guest.id);
      // The test's host keeps its first core for itself; the guests' is the second.
      expect(await readLimits(host as TestHost, guest.id)).toEqual({
        shares,
        periodUs: 100_000,
        quotaUsPerVcpu,
        vcpuSet: "1",
        emulatorSet: "0",
      });
      await driver.stop(guest.id, 0);
    }
  });

  it("read the disk that was made for them, and shut down when they are asked to", async () => {
    const guest = await booted();
    expect(await consoleOf(guest)).toContain(`guest: its disk says: ${image.greeting}`);
    const beganMs = performance.now();
    await driver.stop(guest.id, 120_000);
    expect(performance.now() - beganMs).toBeLessThan(60_000);
    expect(await consoleOf(guest)).toContain("the power button was pressed");
    expect(await driver.get(guest.id)).toEqual({ id: guest.id, power: "stopped", ready: "unknown" });
  });

  it("lose their power when the grace is over", async () => {
    const guest = await booted("cloudhost.deaf");
    const beganMs = performance.now();
    await driver.stop(guest.id, 1500);
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(1500);
    expect(await driver.get(guest.id)).toMatchObject({ power: "stopped" });
    expect(await processesOf(guest.id)).toEqual([]);
  });

  it("are not ready while they restart by themselves", async () => {
    const guest = await booted();
    await using libvirt = await Libvirt.open({ socketPath: libvirtd.socketPath });
    // What the guest's own "reboot" does: the machine starts anew within the same run of QEMU.
    await (await libvirt.findDomain({ uuid: uuidOf(guest.id) }))?.reset();
    await isReady(guest, "booting");
    await isReady(guest);
    expect((await consoleOf(guest)).split("guest: ready").length - 1).toBe(2);
  });

  it("are reached through the tap that was there before them", async () => {
    const nicId = ids.next("nic");
    const nic: GuestNic = {
      id: nicId,
      tap: tapName(nicId),
      mac: macAddress(nicId),
      address: "198.51.100.2",
      prefixLength: 30,
      gateway: "198.51.100.1",
    };
    await run("ip", ["tuntap", "add", "dev", nic.tap, "mode", "tap"]);
    try {
      await run("ip", ["address", "add", "198.51.100.1/30", "dev", nic.tap]);
      await run("ip", ["link", "set", nic.tap, "up"]);
      const address = "cloudhost.address=198.51.100.2/30 cloudhost.gateway=198.51.100.1";
      const guest = await booted(address, { nics: [nic] });
      const response = await fetch("http://198.51.100.2/etc/greeting");
      expect((await response.text()).trim()).toBe(image.greeting);
      await driver.remove(guest.id);
      // It was not ours to take away.
      expect((await run("ip", ["link", "show", "dev", nic.tap])).stdout).toContain(nic.tap);
    } finally {
      await run("ip", ["link", "delete", nic.tap]);
    }
  });

  it("write on while their disk is held still, and each picture is a whole file system of its moment", async () => {
    const guest = await booted("cloudhost.heartbeat");
    const beats = async (): Promise<number> => {
      const snapshotId = ids.next("snp");
      const { path } = await driver.freezeDisk(guest.id, snapshotId);
      const raw = join(stateDir, "picture.raw");
      await run("qemu-img", ["convert", "-f", "qcow2", "-O", "raw", path, raw]);
      await driver.releaseDisk(guest.id, snapshotId);
      // Without writing: a file system that was in use says so, and has no other fault.
      await run("/sbin/e2fsck", ["-fn", raw]);
      const { stdout } = await run("/sbin/debugfs", ["-R", "cat /heartbeat", raw]);
      return stdout.trim().split("\n").length;
    };
    const first = await beats();
    await expect.poll(beats, { timeout: 60_000, interval: 1000 }).toBeGreaterThan(first + 1);
    expect(await driver.get(guest.id)).toEqual({ id: guest.id, power: "running", ready: "ready" });
    await run("qemu-img", ["check", "-U", "-f", "qcow2", fileOf(guest, "system.qcow2")]);
  });

  it("grow their disk when they are defined anew, and never shrink it", async () => {
    const guest = await defined();
    const larger = {
      ...guest,
      disks: [
        { kind: "system" as const, sizeGib: 2 },
        { kind: "ephemeral" as const, sizeGib: 1 },
      ],
    };
    await driver.define(larger);
    expect(await readdir(join(stateDir, "instances", guest.id))).toContain("ephemeral-0.qcow2");
    await expect(driver.define(guest)).rejects.toMatchObject({ code: "CONFLICT" });
    await driver.define({ ...larger, disks: larger.disks.slice(0, 1) });
    expect(await readdir(join(stateDir, "instances", guest.id))).not.toContain("ephemeral-0.qcow2");
  });

  it("are refused over a base that leads elsewhere, is none, or does not fit", async () => {
    const evil = join(stateDir, "evil.qcow2");
    await run("qemu-img", ["create", "-q", "-f", "qcow2", "-F", "raw", "-b", "/etc/passwd", evil, "1G"]);
    const base = { path: evil, format: "qcow2" as const, digest: image.disk.digest };
    await expect(defined({ base })).rejects.toMatchObject({ code: "IMAGE_CORRUPT" });
    const noQcow2 = { ...base, path: image.disk.path };
    await expect(defined({ base: noQcow2 })).rejects.toMatchObject({ code: "IMAGE_CORRUPT" });
    const big = join(stateDir, "big.qcow2");
    await run("qemu-img", ["create", "-q", "-f", "qcow2", big, "9G"]);
    await expect(defined({ base: { ...base, path: big } })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await readdir(join(stateDir, "instances"))).toEqual([]);
  });

  /** As far as a driver gets that dies while it freezes a running guest's disk. */
  const beginCopy = async (guest: GuestSpec, partial: string): Promise<void> => {
    await driver.start(guest.id);
    await run("qemu-img", ["create", "-q", "-f", "qcow2", "-F", "raw", "-b", image.disk.path, partial, "1G"]);
    await using libvirt = await Libvirt.open({ socketPath: libvirtd.socketPath });
    const domain = await libvirt.findDomain({ uuid: uuidOf(guest.id) });
    const { DOMAIN_BLOCK_COPY_SHALLOW, DOMAIN_BLOCK_COPY_REUSE_EXT, DOMAIN_BLOCK_COPY_TRANSIENT_JOB } = VIR;
    const flags = DOMAIN_BLOCK_COPY_SHALLOW | DOMAIN_BLOCK_COPY_REUSE_EXT | DOMAIN_BLOCK_COPY_TRANSIENT_JOB;
    const target = `<disk type='file'><driver type='qcow2'/><source file='${partial}'/></disk>`;
    await domain?.blockCopy("vda", target, flags);
    expect(await domain?.blockJob("vda")).toBeDefined();
  };

  it("are put right after a crash, wherever it was", async () => {
    const [making, removing, copying, rebooting] = [await defined(), await defined(), await defined(), await defined()];
    const stray = testGuest(host as TestHost);
    await mkdir(fileOf(stray, "frozen"), { recursive: true });
    await writeFile(fileOf(stray, "defining"), "");
    await writeFile(fileOf(making, "defining"), "");
    await writeFile(fileOf(removing, "removing"), "");
    await beginCopy(copying, fileOf(copying, `frozen/${ids.next("snp")}.qcow2.partial`));
    const cancel = new AbortController();
    await driver.start(rebooting.id);
    const reboot = driver.reboot(rebooting.id, ids.next("cmd"), 60_000, cancel.signal);
    setTimeout(() => cancel.abort(), 300);
    await expect(reboot).rejects.toMatchObject({ code: "CANCELLED" });
    await driver.stop(rebooting.id, 0);

    await driver[Symbol.asyncDispose]();
    driver = await openDriver(host as TestHost, "host-1", stateDir);
    await driver.recover();
    const folders = await readdir(join(stateDir, "instances"));
    expect(folders.toSorted()).toEqual([making.id, copying.id, rebooting.id].toSorted());
    expect(await readdir(fileOf(making, "."))).not.toContain("defining");
    expect(await readdir(fileOf(copying, "frozen"))).toEqual([]);
    expect((await driver.freezeDisk(copying.id, ids.next("snp"))).format).toBe("qcow2");
    expect(await driver.get(rebooting.id)).toMatchObject({ power: "running" });
  });

  it("of others are not seen: strangers', and another host's", async () => {
    const mine = await defined();
    const otherDir = await mkdtemp(join(dir, "s-"));
    const other = await openDriver(host as TestHost, "host-2", otherDir);
    await using libvirt = await Libvirt.open({ socketPath: libvirtd.socketPath });
    const stranger = await libvirt.defineDomain(
      "<domain type='qemu'><name>stranger</name><memory>65536</memory><os><type>hvm</type></os></domain>",
    );
    const listed = async (of: ComputeDriver): Promise<string[]> =>
      (await Array.fromAsync(of.list())).map(({ id }) => id);
    expect(await listed(driver)).toEqual([mine.id]);
    expect(await listed(other)).toEqual([]);
    await other.recover();
    await other.remove(mine.id);
    expect(await listed(driver)).toEqual([mine.id]);
    await stranger.undefine();
    await other[Symbol.asyncDispose]();
  });

  it("of others are listed with what keeps them from being adopted, and half adopted ones are given back", async () => {
    assert(driver instanceof LibvirtComputeDriver);
    await using libvirt = await Libvirt.open({ socketPath: libvirtd.socketPath });
    const test = host as TestHost;
    const [{ key, disk }, shared] = [await makeStranger(test, "stopped"), await makeStranger(test, "stopped")];
    const keys = ["several", "missing", "device", "shares"].map((name) => [name, randomUUID()] as const);
    const devices: Readonly<Record<string, string>> = {
      several: strangerDisk(join(dir, "one")) + strangerDisk(join(dir, "two"), "hdb"),
      missing: strangerDisk(join(dir, "none")),
      device:
        strangerDisk(disk) +
        "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/><product id='0x2'/></source></hostdev>",
      shares: strangerDisk(shared.disk),
    };
    for (const [name, uuid] of keys) await libvirt.defineDomain(strangerXml(uuid, devices[name] ?? ""));
    const reasons = new Map<string, string[]>();
    for await (const stranger of driver.strangers())
      reasons.set(stranger.key, [...new Set(stranger.obstacles.map(({ reason }) => reason))].toSorted());
    const found = Object.fromEntries(keys.map(([name, uuid]) => [name, reasons.get(uuid)]));
    expect(found).toEqual({
      several: ["disk-missing", "several-disks"],
      missing: ["disk-missing"],
      device: ["device-passthrough", "disk-shared"],
      shares: ["disk-shared"],
    });
    expect(reasons.get(key)).toEqual(["disk-shared"]);
    for (const [, uuid] of keys) await removeStranger(test, uuid, join(dir, "none"));

    // Cut off behind the first change: its budget is set, and nothing says that it is ours.
    const adopted = { key, id: ids.next("srv"), vcpus: 1, milliEcuPerVcpu: 2000, memoryMib: 64, nics: [] };
    const before = await pictureOf(test, key, disk);
    await driver.adopt(adopted);
    const none = { namespace: metadataNamespace, prefix: metadataPrefix, xml: null };
    await (await libvirt.findDomain({ uuid: key }))?.setMetadata(none, { affect: ["config"] });
    expect(await pictureOf(test, key, disk)).not.toEqual(before);
    await driver.adopt(adopted);
    expect(await driver.get(adopted.id)).toMatchObject({ power: "stopped" });
    await (await libvirt.findDomain({ uuid: key }))?.setMetadata(none, { affect: ["config"] });
    await driver.remove(adopted.id);
    expect(await pictureOf(test, key, disk)).toEqual(before);
    for (const stranger of [{ key, disk }, shared]) await removeStranger(test, stranger.key, stranger.disk);
  });

  it("run, whatever the host finds out about its KVM", async () => {
    await using other = await startPrivateLibvirtd({ dir: join(dir, "kvm"), kvm: "keep" });
    const choosing = await openDriver({ ...(host as TestHost), libvirtd: other }, "host-3", stateDir, {
      virtType: "auto",
    });
    const guest = testGuest(host as TestHost);
    await choosing.define(guest);
    await choosing.start(guest.id);
    await expect
      .poll(() => choosing.get(guest.id), { timeout: bootMs, interval: 100 })
      .toEqual({ id: guest.id, power: "running", ready: "ready" });
    await choosing.remove(guest.id);
    await using libvirt = await Libvirt.open({ socketPath: other.socketPath });
    expect(await libvirt.listDomains()).toEqual([]);
    await choosing[Symbol.asyncDispose]();
  });

  it("need a libvirtd: without one, a sentence says how to start it", async () => {
    const gone = { ...(host as TestHost), libvirtd: { ...libvirtd, socketPath: join(dir, "no-such-socket") } };
    await expect(openDriver(gone, "host-1", stateDir)).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
      retryable: true,
      message: expect.stringContaining("virtlogd -d; libvirtd -d") as string,
    });
  });
});
