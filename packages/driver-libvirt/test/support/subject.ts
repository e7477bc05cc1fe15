import { execFile } from "node:child_process";
import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ComputeSubject } from "@cloudhost/conformance";
import { macAddress, silentLogger, systemClock, tapName, uuidv7Ids } from "@cloudhost/core/ports";
import type { ComputeDriver, DirectBoot, GuestNic, GuestSpec, HostReserve } from "@cloudhost/core/ports";
import { libvirt } from "../../src/index.ts";
import driverModule from "../../src/module.ts";
import { LibvirtOptions } from "../../src/options.ts";
import type { TestHost } from "./host.ts";
import { observe } from "./observe.ts";
import { removeStranger } from "./stranger.ts";

const run = promisify(execFile);
const clock = systemClock();
const ids = uuidv7Ids(clock);
const reserve: HostReserve = { cores: 1, memoryMib: 1024, diskGib: 1, internalKbit: 0, externalKbit: 0 };

/** What a core of the test's host is said to yield: a guest of 4000 mEUCU has a whole one. */
export const milliEcuPerCore = 4000;

/** The test guest: 1 vCPU with a whole core, 192 MiB, a disk of 1 GiB over the image's. */
export function testGuest(host: TestHost, kernelArguments = ""): GuestSpec {
  return {
    id: ids.next("srv"),
    name: "web-1",
    vcpus: 1,
    milliEcuPerVcpu: milliEcuPerCore,
    memoryMib: 192,
    disks: [{ kind: "system", sizeGib: 1 }],
    base: { ...host.image.disk, format: "raw" },
    nics: [],
    boot: testBoot(host, kernelArguments),
  };
}

export const testBoot = ({ image }: TestHost, kernelArguments = ""): DirectBoot => ({
  kernel: { ...image.kernel, format: "raw" },
  initrd: { ...image.initrd, format: "raw" },
  arguments: `${image.arguments} ${kernelArguments}`.trim(),
});

/** Opens a driver as an agent would. */
export async function openDriver(
  host: TestHost,
  name: string,
  stateDir: string,
  { keep = reserve, virtType = "qemu" }: { readonly keep?: HostReserve; readonly virtType?: "qemu" | "auto" } = {},
): Promise<ComputeDriver> {
  const { options } = libvirt({ socketPath: host.libvirtd.socketPath, virtType, milliEcuPerCore });
  await mkdir(stateDir, { recursive: true });
  const { signal } = new AbortController();
  const context = { clock, ids, logger: silentLogger, signal, stateDir, host: name, reserve: keep };
  return driverModule.open(LibvirtOptions.parse(options), context);
}

/** A driver of a host of its own on the test's libvirtd, and a guest that boots in a few seconds. */
export async function openSubject(host: TestHost): Promise<ComputeSubject> {
  const stateDir = await mkdtemp(join(host.dir, "s-"));
  // Each case is another host to libvirt: cases do not see each other's guests.
  const name = ids.next("hst").replace("_", "-");
  let driver = await openDriver(host, name, stateDir);
  const strangers = new Map<string, string>();
  const spareNic = nicFor(ids.next("nic"));
  await run("ip", ["tuntap", "add", "dev", spareNic.tap, "mode", "tap"]);
  return {
    driver,
    spareNic,
    guest: testGuest(host),
    boot: testBoot(host),
    reserve,
    clock,
    readyWithinMs: 90_000,
    host: observe(host, join(stateDir, "instances"), { strangers }),
    async reopen(withReserve = reserve) {
      await driver[Symbol.asyncDispose]();
      return (driver = await openDriver(host, name, stateDir, { keep: withReserve }));
    },
    async [Symbol.asyncDispose]() {
      await driver[Symbol.asyncDispose]();
      for (const [key, disk] of strangers) await removeStranger(host, key, disk);
      await run("ip", ["link", "delete", spareNic.tap]);
    },
  };
}

const nicFor = (id: string): GuestNic => ({
  id,
  tap: tapName(id),
  mac: macAddress(id),
  address: "198.51.100.6",
  prefixLength: 30,
  gateway: "198.51.100.5",
});
