import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import type { DiskView, HostObserver } from "@cloudhost/conformance";
import { uuidOf } from "@cloudhost/core/ports";
import type { CpuBudget, DiskKey } from "@cloudhost/core/ports";
import { Libvirt } from "@cloudhost/libvirt-rpc";
import { record } from "../../../../scripts/ledger.ts";
import type { TestHost } from "./host.ts";
import { makeStranger, pictureOf, strangerName } from "./stranger.ts";

const run = promisify(execFile);

/** What the kernel enforces for a guest, read from its control groups. */
export interface GuestLimits extends CpuBudget {
  /** Where its vCPUs may run, and where QEMU's own threads may: `1`, `0`. */
  readonly vcpuSet: string;
  readonly emulatorSet: string;
}

/** What {@link observe} is told of the subject. */
export interface Observed {
  /** Of guests of others by their keys: the files of their disks. */
  readonly strangers: Map<string, string>;
}

/** Looks at the host past the driver: at files, processes, control groups, and libvirt's own list. */
export function observe(host: TestHost, instancesDir: string, { strangers }: Observed): HostObserver {
  /** The guest's own domain, or the one that it was adopted with. */
  const domainOf = async (guestId: string): Promise<{ readonly uuid: string; readonly name: string }> => {
    const adopted = await readFile(join(instancesDir, guestId, "adopted.json"), "utf8").catch(() => undefined);
    if (adopted === undefined) return { uuid: uuidOf(guestId), name: guestId };
    const { key } = JSON.parse(adopted) as { readonly key: string };
    return { uuid: key, name: strangerName(key) };
  };
  return {
    boots: async (guestId) => {
      const console = await readFile(join(instancesDir, guestId, "console.log"), "latin1").catch(() => "");
      return console.split("guest: its disk says").length - 1;
    },
    leftovers: async (guestId) => [
      ...(await filesBelow(join(instancesDir, guestId))),
      ...(await processesOf(guestId)).map((pid) => `process ${pid}`),
      ...(await domainsOf(host, guestId)),
    ],
    disks: async (guestId) => {
      const disks = (await filesBelow(join(instancesDir, guestId))).flatMap((path) => {
        const disk = keyOf(relative(join(instancesDir, guestId), path));
        return disk === undefined ? [] : [{ disk, path }];
      });
      return new Map(await Promise.all(disks.map(async ({ disk, path }) => [disk, await viewDisk(path)] as const)));
    },
    writeDisk: async (guestId, disk, text) => {
      const path = fileOf(join(instancesDir, guestId), disk);
      const pattern = `${path}.text`;
      await writeFile(pattern, text.padEnd(textBytes, "\0"));
      await run("qemu-io", ["-f", "qcow2", "-c", `write -s ${pattern} ${textOffset} ${textBytes}`, path]);
      await rm(pattern);
    },
    taps: async (guestId) => tapsOf(host, await domainOf(guestId)),
    cpuBudget: async (guestId) => readLimits(host, (await domainOf(guestId)).name),
    addStranger: async (power) => {
      const { disk, key } = await makeStranger(host, power);
      strangers.set(key, disk);
      return key;
    },
    strangerPicture: (key) => pictureOf(host, key, strangers.get(key) ?? ""),
  };
}

/** Behind the file system of the test's image, and within a disk of 1 GiB. */
const textOffset = 2 ** 29;
const textBytes = 512;

const fileOf = (dir: string, disk: DiskKey): string => {
  if (disk === "system") return join(dir, "system.qcow2");
  return join(dir, disk === "ephemeral" ? "ephemeral-0.qcow2" : `data-${disk}.qcow2`);
};

const keyOf = (name: string): DiskKey | undefined => {
  if (name === "system.qcow2") return "system";
  return name === "ephemeral-0.qcow2" ? "ephemeral" : /^data-(dsk_\w+)\.qcow2$/.exec(name)?.[1];
};

async function viewDisk(path: string): Promise<DiskView> {
  const info = await run("qemu-img", ["info", "-U", "--output=json", path]);
  const { "virtual-size": sizeBytes } = JSON.parse(info.stdout) as { readonly "virtual-size": number };
  const dir = await mkdtemp(join(tmpdir(), "cloudhost-text-"));
  const copy = ["if=" + path, "of=" + join(dir, "text"), `bs=${textBytes}`, "count=" + (textOffset / textBytes + 1)];
  await run("qemu-img", ["dd", "-U", "-f", "qcow2", "-O", "raw", ...copy, `skip=${textOffset / textBytes}`]);
  const text = (await readFile(join(dir, "text"), "latin1")).replaceAll("\0", "");
  await rm(dir, { recursive: true });
  return { sizeBytes, text };
}

async function filesBelow(dir: string): Promise<string[]> {
  const files = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  return files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
}

/** Processes that have the guest's id on their command line, as QEMU has. */
export async function processesOf(guestId: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const command = await readFile(join("/proc", pid, "cmdline"), "utf8").catch(() => "");
    if (command.includes(guestId)) found.push(pid);
  }
  return found;
}

async function domainsOf({ libvirtd }: TestHost, guestId: string): Promise<string[]> {
  await using libvirt = await Libvirt.open({ socketPath: libvirtd.socketPath });
  const domains = await libvirt.listDomains();
  return domains.filter(({ uuid }) => uuid === uuidOf(guestId)).map(({ name }) => `domain ${name}`);
}

/** Taps that the guest's running QEMU has, as libvirt tells. */
async function tapsOf({ libvirtd }: TestHost, { uuid: wanted }: { readonly uuid: string }): Promise<string[]> {
  await using libvirt = await Libvirt.open({ socketPath: libvirtd.socketPath });
  const domains = await libvirt.listDomains();
  const xml = await domains.find(({ uuid }) => uuid === wanted)?.describe();
  return [...(xml ?? "").matchAll(/<target dev='(ch[0-9a-z]{12})'/g)].map(([, tap = ""]) => tap);
}

/**
 * The limits of a running guest, from the kernel.
 * @param guestId or its domain's name, where that is another
 */
export async function readLimits(host: TestHost, guestId: string): Promise<GuestLimits> {
  const pid = (await readFile(join(host.daemonDir, "run/libvirt/qemu", `${guestId}.pid`), "utf8")).trim();
  const groups = (await readFile(join("/proc", pid, "cgroup"), "utf8")).trim().split("\n");
  const version1 = groups
    .map((line) => line.split(":"))
    .find(([, controllers]) => controllers?.split(",").includes("cpu"));
  const sets = await affinities(pid);
  if (version1 !== undefined) {
    const guest = join("/sys/fs/cgroup", version1[1] ?? "", dirname(version1[2] ?? ""));
    const value = async (path: string): Promise<number> => Number(await readGroup(join(guest, path)));
    return {
      shares: await value("cpu.shares"),
      periodUs: await value("vcpu0/cpu.cfs_period_us"),
      quotaUsPerVcpu: await value("vcpu0/cpu.cfs_quota_us"),
      ...sets,
    };
  }
  const guest = join("/sys/fs/cgroup", dirname(groups[0]?.split(":")[2] ?? ""));
  const [quota, period] = (await readGroup(join(guest, "vcpu0/cpu.max"))).trim().split(" ");
  const shares = Number(await readGroup(join(guest, "cpu.weight")));
  return { shares, periodUs: Number(period), quotaUsPerVcpu: Number(quota), ...sets };
}

async function readGroup(path: string): Promise<string> {
  const text = await readFile(path, "utf8");
  record({ kind: "cgroupFile", path });
  return text;
}

/** Where the kernel lets the threads of a QEMU run: its vCPUs' are named so. */
async function affinities(pid: string): Promise<Pick<GuestLimits, "vcpuSet" | "emulatorSet">> {
  let [vcpuSet, emulatorSet] = ["", ""];
  for (const thread of await readdir(join("/proc", pid, "task"))) {
    const status = await readFile(join("/proc", pid, "task", thread, "status"), "utf8").catch(() => "");
    const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "";
    if (/^Name:\s*CPU \d+\/(KVM|TCG)$/m.test(status)) vcpuSet = allowed;
    if (thread === pid) emulatorSet = allowed;
  }
  return { vcpuSet, emulatorSet };
}
