import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { startPrivateLibvirtd } from "@cloudhost/driver-libvirt";
import { Connection, Libvirt } from "@cloudhost/libvirt-rpc";
import type { Domain } from "@cloudhost/libvirt-rpc";
import type { Emit } from "./bench-line.ts";

const measureMs = 2000;

/**
 * Calls a second, one at a time and several, beside virsh where it is installed; and for how long another guest's
 * calls are held up while four guests hang. Needs root, libvirt and QEMU: it starts a libvirtd of its own.
 */
export default async function run(emit: Emit): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "bench-"));
  try {
    await using libvirtd = await startPrivateLibvirtd({ dir });
    await measureCalls(libvirtd.socketPath, emit);
    await measureStall(libvirtd.socketPath, dir, emit);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const line = (metric: string, params: Parameters<Emit>[0]["params"], value: number, unit: string) => ({
  bench: "libvirt-rpc",
  metric,
  params,
  value,
  unit,
});

async function measureCalls(socketPath: string, emit: Emit): Promise<void> {
  await using connection = await Connection.open({ socketPath });
  for (const concurrency of [1, 4]) {
    const untilMs = performance.now() + measureMs;
    const caller = async (): Promise<number> => {
      let calls = 0;
      for (; performance.now() < untilMs; calls += 1) await connection.call("connectGetLibVersion", {});
      return calls;
    };
    const counts = await Promise.all(Array.from({ length: concurrency }, caller));
    const calls = counts.reduce((sum, count) => sum + count, 0);
    emit(line("calls_per_s", { client: "libvirt-rpc", concurrency }, (calls * 1000) / measureMs, "1/s"));
  }
  const virsh = await virshCallsPerSecond(socketPath);
  if (virsh !== undefined) emit(line("calls_per_s", { client: "virsh", concurrency: 1 }, virsh, "1/s"));
}

/** A process for each call, which is how scripts talk to libvirt. */
async function virshCallsPerSecond(socketPath: string): Promise<number | undefined> {
  const beganMs = performance.now();
  let calls = 0;
  try {
    for (; performance.now() < beganMs + measureMs; calls += 1) {
      await promisify(execFile)("virsh", ["-c", `qemu+unix:///system?socket=${socketPath}`, "version"]);
    }
  } catch {
    return undefined;
  }
  return (calls * 1000) / (performance.now() - beganMs);
}

/**
 * Four guests whose QEMU does not answer, and a call each that waits for it: the fifth guest's calls, with them and
 * without, and the difference.
 */
async function measureStall(socketPath: string, dir: string, emit: Emit): Promise<void> {
  await using libvirt = await Libvirt.open({ socketPath });
  const guests = await Promise.all(Array.from({ length: 5 }, (_, index) => libvirt.createDomain(guestXml(index))));
  const [healthy, ...others] = guests as [Domain, ...Domain[]];
  const pids = await Promise.all(
    others.map(async ({ name }) => Number(await readFile(join(dir, "run/libvirt/qemu", `${name}.pid`), "utf8"))),
  );
  try {
    const aloneMs = await medianCallMs(healthy);
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    const hanging = others.map((guest) => guest.suspend());
    await sleep(200);
    const loop = monitorEventLoopDelay({ resolution: 1 });
    loop.enable();
    const besideMs = await medianCallMs(healthy);
    loop.disable();
    emit(line("stall_ms", { hanging: 0, of: "another guest's call" }, aloneMs, "ms"));
    emit(line("stall_ms", { hanging: 4, of: "another guest's call" }, besideMs, "ms"));
    emit(line("stall_ms", { hanging: 4, of: "the difference" }, besideMs - aloneMs, "ms"));
    emit(line("stall_ms", { hanging: 4, of: "the event loop, worst" }, loop.max / 1e6, "ms"));
    for (const pid of pids) process.kill(pid, "SIGCONT");
    await Promise.all(hanging);
  } finally {
    for (const pid of pids) process.kill(pid, "SIGCONT");
    for (const guest of guests) await guest.destroy();
  }
}

/** Each goes to the guest's QEMU and back. */
async function medianCallMs(guest: Domain): Promise<number> {
  const times: number[] = [];
  for (let call = 0; call < 200; call += 1) {
    const beforeMs = performance.now();
    await (call % 2 === 0 ? guest.suspend() : guest.resume());
    times.push(performance.now() - beforeMs);
  }
  return times.toSorted((a, b) => a - b)[100] ?? 0;
}

const guestXml = (index: number): string =>
  `<domain type='qemu'><name>bench-${index}</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>` +
  `<os><type arch='x86_64' machine='pc'>hvm</type></os><devices><memballoon model='none'/></devices></domain>`;
