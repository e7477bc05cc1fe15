import { readFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { outputOf } from "./programs.ts";

/** What the kernel says of a guest's CPU. */
export interface CpuView {
  readonly version: "v1" | "v2";
  /** `cpu.shares`, or the weight of version 2. */
  readonly shares: number;
  readonly periodUs: number;
  /** Of its first vCPU. */
  readonly quotaUs: number;
  /** The guest's control group. */
  readonly group: string;
}

/** Where the kernel lets the threads of a QEMU run. */
export interface ThreadView {
  readonly vcpus: readonly string[];
  readonly emulator: string;
}

/** A guest's class in one of the trees that its traffic goes through. */
export interface ClassView {
  readonly id: string;
  readonly rateKbit: number;
  readonly ceilKbit: number;
}

/** The limits of a running guest, from its control groups. */
export async function readCpu(pid: number): Promise<CpuView> {
  const groups = (await readFile(`/proc/${pid}/cgroup`, "utf8"))
    .trim()
    .split("\n")
    .map((line) => line.split(":"));
  const withCpu = groups.find(([, controllers]) => controllers?.split(",").includes("cpu"));
  if (withCpu !== undefined) {
    const group = join("/sys/fs/cgroup", withCpu[1] ?? "", dirname(withCpu[2] ?? ""));
    const value = async (file: string): Promise<number> => Number(await readFile(join(group, file), "utf8"));
    const [shares, periodUs, quotaUs] = await Promise.all([
      value("cpu.shares"),
      value("vcpu0/cpu.cfs_period_us"),
      value("vcpu0/cpu.cfs_quota_us"),
    ]);
    return { version: "v1", shares, periodUs, quotaUs, group };
  }
  const group = join("/sys/fs/cgroup", dirname(groups[0]?.[2] ?? ""));
  const [quotaUs, periodUs] = (await readFile(join(group, "vcpu0/cpu.max"), "utf8")).trim().split(" ").map(Number);
  const shares = Number(await readFile(join(group, "cpu.weight"), "utf8"));
  return { version: "v2", shares, periodUs: periodUs ?? 0, quotaUs: quotaUs ?? 0, group };
}

/** The kernel knows a QEMU's vCPUs by their threads' names. */
export async function readThreads(pid: number): Promise<ThreadView> {
  const tasks = `/proc/${pid}/task`;
  const vcpus: string[] = [];
  let emulator = "";
  for (const thread of await readdir(tasks)) {
    const status = await readFile(join(tasks, thread, "status"), "utf8").catch(() => "");
    const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "";
    if (/^Name:\s*CPU \d+\/(KVM|TCG)$/m.test(status)) vcpus.push(allowed);
    if (Number(thread) === pid) emulator = allowed;
  }
  return { vcpus, emulator };
}

/** The words of a process's command line. */
export const readCommandLine = async (pid: number): Promise<string[]> =>
  (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");

/** The class that the packets of a MAC go to on a device, or `undefined`. */
export async function readClass(device: string, mac: string): Promise<ClassView | undefined> {
  const filters = await outputOf("tc", "filter", "show", "dev", device);
  const id = classOf(filters, mac);
  return id === undefined ? undefined : parseClass(await outputOf("tc", "class", "show", "dev", device), id);
}

/**
 * Where the filter that matches a MAC sends its packets. As a source it is in two words, 4 bytes and 2; as a destination
 * 2 bytes and 4.
 */
export function classOf(filters: string, mac: string): string | undefined {
  const digits = mac.replaceAll(":", "");
  const halves = [
    [digits.slice(0, 8), `${digits.slice(8)}0000`],
    [`0000${digits.slice(0, 4)}`, digits.slice(4)],
  ] as const;
  const filter = filters
    .split(/\n(?=filter )/)
    .find((text) => halves.some((words) => words.every((word) => text.includes(`match ${word}/`))));
  return filter === undefined ? undefined : /flowid (\S+)/.exec(filter)?.[1];
}

/** One class in the output of `tc class show`: `class htb 1:10 parent 1:1 … rate 8Mbit ceil 32Mbit …` */
export function parseClass(classes: string, id: string): ClassView | undefined {
  for (const line of classes.split("\n")) {
    const [, found, rate = "", ceil = ""] = /^class htb (\S+) .*\brate (\S+) ceil (\S+)/.exec(line) ?? [];
    if (found === id) return { id, rateKbit: kbitOf(rate), ceilKbit: kbitOf(ceil) };
  }
  return undefined;
}

const kbitIn: Readonly<Record<string, number>> = { bit: 0.001, Kbit: 1, Mbit: 1e3, Gbit: 1e6 };

function kbitOf(text: string): number {
  const [, amount = "", unit = ""] = /^(\d+)(\w+)$/.exec(text) ?? [];
  return Number(amount) * (kbitIn[unit] ?? Number.NaN);
}
