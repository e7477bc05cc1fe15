import { readFile } from "node:fs/promises";

/** A process, told apart from a later one that got the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as the kernel counts it, and in which boot; empty where the system does not tell. */
  readonly started: string;
}

/** Who this process is. */
export const thisProcess = async (): Promise<ProcessIdentity> => ({
  pid: process.pid,
  started: (await startOf(process.pid)) ?? "",
});

/** Whether that process still runs. One that has ended but was not yet waited for does not. */
export async function isRunning({ pid, started }: ProcessIdentity): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, under another user.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return started === "" || started === ((await startOf(pid)) ?? started);
}

/** `undefined` where there is no /proc; `ended` for a process that only waits to be waited for. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    ]);
    // Behind the command's name, which is in parentheses and may contain anything: state, then fields 4 to 52.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "ended" : `${boot.trim()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}
