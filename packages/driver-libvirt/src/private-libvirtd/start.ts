import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CloudHostError, systemClock } from "@cloudhost/core/ports";
import type { Clock } from "@cloudhost/core/ports";
import { isLibvirtError, Libvirt } from "@cloudhost/libvirt-rpc";
import { findProgram } from "../tools/find-program.ts";
import { namespaceCommands, privateFolders, qemuConfiguration } from "./mounts.ts";
import { machineGroups, removeNewGroups } from "./cgroups.ts";
import { destroyGuests, endChild, endDaemonsOf, killGuestsOf } from "./processes.ts";

const run = promisify(execFile);

/** What a private daemon is started with. */
export interface PrivateLibvirtdOptions {
  /**
   * A folder of its own: configuration, definitions, logs and sockets. It is made where it is missing, and left where
   * it is, so that a daemon started there again has its domains still. One that still runs there, because whoever
   * started it was killed, is ended first, and its guests go on under the new one. Its path may have 70 characters at
   * most, since a socket's path has room for little more.
   */
  readonly dir: string;
  /** Whether the daemon sees `/dev/kvm`. Hide it where KVM is there but does not work. @defaultValue "hide" */
  readonly kvm?: "hide" | "keep" | undefined;
  /** Milliseconds until it must answer; the first time it asks QEMU what it can do. @defaultValue 60000 */
  readonly startTimeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** A libvirtd with its own files, in a mount namespace of its own. Disposing is {@link PrivateLibvirtd.stop}. */
export interface PrivateLibvirtd extends AsyncDisposable {
  /** Reachable from everywhere on the machine, by who may enter its folder. */
  readonly socketPath: string;
  /** Of the daemon itself. It is in a process group of its own: a terminal's Ctrl-C does not reach it. */
  readonly pid: number;
  /** Of the daemon that writes its guests' logs. */
  readonly virtlogdPid: number;
  /** Cuts its guests' power, ends both daemons and leaves no process, mount or cgroup. May be repeated. */
  stop(): Promise<void>;
}

/**
 * Starts a libvirtd and a virtlogd beside the system's, for tests and for trying things out. Needs root. It shares
 * the caller's network namespace, so that taps which are there are there for its guests.
 *
 * @throws CloudHostError `DEPENDENCY_MISSING` when libvirt or util-linux is not installed, `UNSUPPORTED` without root,
 * `HOST_UNAVAILABLE` when the daemon does not come up, with the end of its log
 * @example
 * await using libvirtd = await startPrivateLibvirtd({ dir: "/tmp/libvirtd" });
 * const compute = libvirt({ socketPath: libvirtd.socketPath, virtType: "qemu" });
 */
export async function startPrivateLibvirtd(options: PrivateLibvirtdOptions): Promise<PrivateLibvirtd> {
  const { dir, kvm = "hide", startTimeoutMs = 60_000, clock = systemClock() } = options;
  const programs = await findPrograms();
  requireRoot();
  await using undo = new AsyncDisposableStack();
  await endDaemonsOf(dir, clock);
  await prepareFolder(dir);
  const groupsBefore = await machineGroups();
  undo.defer(() => removeNewGroups(groupsBefore));
  undo.defer(() => killGuestsOf(dir, clock));

  // Holds the namespace open while it is furnished: it ends with its input, so even if this process is killed.
  const holder = spawn(programs.unshare, ["--mount", "--propagation", "private", "cat"], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true,
  });
  undo.defer(() => endChild(holder, "SIGKILL", clock));
  await furnish(programs.nsenter, holder, dir, kvm);
  const inside = ["--target", String(holder.pid), "--mount"];
  await using log = await open(join(dir, "log", "libvirtd.log"), "a");
  const start = (program: string): ChildProcess => {
    const stdio = ["ignore", log.fd, log.fd] as const;
    return spawn(programs.nsenter, [...inside, program], { stdio: [...stdio], detached: true });
  };
  const virtlogd = start(programs.virtlogd);
  undo.defer(() => endChild(virtlogd, "SIGTERM", clock));
  const libvirtd = start(programs.libvirtd);
  undo.defer(() => endChild(libvirtd, "SIGTERM", clock));

  const socketPath = join(dir, "run/libvirt/libvirt-sock");
  undo.defer(() => destroyGuests(socketPath));
  await answers(socketPath, libvirtd, { dir, startTimeoutMs, clock });
  for (const child of [virtlogd, libvirtd]) child.unref();
  holder.stdin.end();

  const cleanup = undo.move();
  const stop = (): Promise<void> => cleanup.disposeAsync();
  const [pid = 0, virtlogdPid = 0] = [libvirtd.pid, virtlogd.pid];
  return { socketPath, pid, virtlogdPid, stop, [Symbol.asyncDispose]: stop };
}

type Programs = Record<"unshare" | "nsenter" | "libvirtd" | "virtlogd", string>;

async function findPrograms(): Promise<Programs> {
  return {
    unshare: await findProgram("unshare", "util-linux"),
    nsenter: await findProgram("nsenter", "util-linux"),
    libvirtd: await findProgram("libvirtd", "libvirt-daemon libvirt-daemon-driver-qemu"),
    virtlogd: await findProgram("virtlogd", "libvirt-daemon-system"),
  };
}

function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  const feature = "a libvirtd of its own";
  throw new CloudHostError("UNSUPPORTED", "Only root can start a libvirtd in a mount namespace of its own.", {
    feature,
    by: "a user who is not root",
  });
}

/** Definitions of guests and networks are the system's own business; the rest of its configuration is a good start. */
const isDefinition = (path: string): boolean => /^\/etc\/libvirt\/(qemu|lxc|storage|secrets|nwfilter)(\/|$)/.test(path);

async function prepareFolder(dir: string): Promise<void> {
  for (const folder of privateFolders) await mkdir(join(dir, folder), { recursive: true });
  if (existsSync("/etc/libvirt")) {
    await cp("/etc/libvirt", join(dir, "etc"), { recursive: true, filter: (source) => !isDefinition(source) });
  }
  await writeFile(join(dir, "etc/qemu.conf"), qemuConfiguration);
  // Left by a daemon that was killed: nobody answers there any more.
  await rm(join(dir, "run/libvirt/libvirt-sock"), { force: true });
}

const isDevice = (device: string): boolean => existsSync(join("/dev", device));

async function furnish(nsenter: string, holder: ChildProcess, dir: string, kvm: "hide" | "keep"): Promise<void> {
  await inNamespaceOfItsOwn(holder);
  for (const command of namespaceCommands(dir, kvm, isDevice)) {
    await run(nsenter, ["--target", String(holder.pid), "--mount", ...command]);
  }
}

/** `cat` gives back what it gets only once `unshare` has become it. */
async function inNamespaceOfItsOwn(holder: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  holder.stdout?.once("data", () => resolve());
  holder.once("exit", () => reject(unavailable("unshare could not make a mount namespace", undefined)));
  holder.stdin?.write("\n");
  await promise;
}

async function answers(
  socketPath: string,
  libvirtd: ChildProcess,
  { dir, startTimeoutMs, clock }: { readonly dir: string; readonly startTimeoutMs: number; readonly clock: Clock },
): Promise<void> {
  const untilMs = clock.nowMs() + startTimeoutMs;
  for (;;) {
    try {
      await using libvirt = await Libvirt.open({ socketPath, callTimeoutMs: startTimeoutMs });
      // The first answer waits until QEMU has been asked what it can do: better here than in somebody's first call.
      await libvirt.capabilities();
      return;
    } catch (error) {
      if (!isLibvirtError(error)) throw error;
      if (libvirtd.exitCode !== null || clock.nowMs() >= untilMs) {
        throw unavailable(`libvirtd does not come up: ${await lastLines(join(dir, "log/libvirtd.log"))}`, error);
      }
      await clock.sleep(50);
    }
  }
}

const unavailable = (reason: string, cause: unknown): CloudHostError =>
  new CloudHostError("HOST_UNAVAILABLE", reason, { host: "a private libvirtd", reason }, { cause });

async function lastLines(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-5).join("\n");
}
