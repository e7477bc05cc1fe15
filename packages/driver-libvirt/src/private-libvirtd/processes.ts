import type { ChildProcess } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Clock } from "@cloudhost/core/ports";
import { isLibvirtError, Libvirt } from "@cloudhost/libvirt-rpc";
import { groupsOfProcess, removeGroups } from "./cgroups.ts";

/** How long a process may take to obey before it is killed. */
const patienceMs = 5000;
const pollMs = 20;

/** Ends a process that this one started, and waits for it. */
export async function endChild(child: ChildProcess, signal: NodeJS.Signals, clock: Clock): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once("exit", () => resolve());
  child.kill(signal);
  const obeyed = new AbortController();
  const patience = clock.sleep(patienceMs, obeyed.signal).then(
    () => child.kill("SIGKILL"),
    () => {},
  );
  await promise;
  obeyed.abort();
  await patience;
}

/** Cuts the power of every guest of a daemon that answers. */
export async function destroyGuests(socketPath: string): Promise<void> {
  try {
    await using libvirt = await Libvirt.open({ socketPath, openTimeoutMs: patienceMs });
    for (const domain of await libvirt.listDomains({ active: true })) await domain.destroy().catch(() => {});
  } catch (error) {
    // One that is dead already ends nobody: what is left of its guests is found by their process numbers.
    if (!isLibvirtError(error)) throw error;
  }
}

/** Ends the daemons that run in this folder, started by somebody who was killed. Their guests go on. */
export async function endDaemonsOf(dir: string, clock: Clock): Promise<void> {
  for (const name of ["libvirtd", "virtlogd"]) {
    const pid = await readPid(join(dir, "run", `${name}.pid`));
    if (pid !== undefined && (await commandOf(pid)).split("\0")[0]?.endsWith(name) === true) {
      await endProcess(pid, name, clock);
    }
  }
}

/** Kills the guests that outlived their daemon: QEMU's processes have the guest's name on their command line. */
export async function killGuestsOf(dir: string, clock: Clock): Promise<void> {
  const folder = join(dir, "run/libvirt/qemu");
  for (const file of await readdir(folder).catch(() => [])) {
    if (!file.endsWith(".pid")) continue;
    const pid = await readPid(join(folder, file));
    const mark = `guest=${basename(file, ".pid")},`;
    if (pid === undefined || !(await commandOf(pid)).includes(mark)) continue;
    const groups = await groupsOfProcess(pid);
    await endProcess(pid, mark, clock);
    await removeGroups(groups, clock);
  }
}

/** @param mark what its command line has, as long as the number is still that process's */
async function endProcess(pid: number, mark: string, clock: Clock): Promise<void> {
  const untilMs = clock.nowMs() + patienceMs;
  process.kill(pid, "SIGTERM");
  while ((await commandOf(pid)).includes(mark)) {
    if (clock.nowMs() >= untilMs) process.kill(pid, "SIGKILL");
    await clock.sleep(pollMs);
  }
}

async function readPid(path: string): Promise<number | undefined> {
  const pid = Number((await readFile(path, "utf8").catch(() => "")).trim());
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

/** A process's command line, its words separated by NUL; empty for one that is gone or ended. */
const commandOf = (pid: number): Promise<string> =>
  readFile(join("/proc", String(pid), "cmdline"), "utf8").catch(() => "");
