import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";

/** A process, told apart from a later one with the same number, and from one of another machine or container. */
export const ProcessIdentity = z.strictObject({
  /** Where its number means something: one boot of one machine, one process namespace. */
  scope: z.string().regex(/^[0-9a-f]{12}$/),
  pid: z.int().min(1),
  /** When it started, as the kernel counts it; `0` where the system does not tell. */
  started: z.string().regex(/^[0-9]+$/),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

let own: ProcessIdentity | undefined;

/** Who this process is. */
export function thisProcess(): ProcessIdentity {
  own ??= { scope: scope(), pid: process.pid, started: startOf(process.pid) ?? "0" };
  return own;
}

/** Whether that process still runs; `undefined` for one of another machine, of which nothing can be told from here. */
export function isRunning(identity: ProcessIdentity): boolean | undefined {
  if (identity.scope !== thisProcess().scope) return undefined;
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it runs, under another user.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return identity.started === "0" || identity.started === (startOf(identity.pid) ?? identity.started);
}

function scope(): string {
  const hash = createHash("sha256");
  try {
    hash.update(readFileSync("/proc/sys/kernel/random/boot_id")).update(readlinkSync("/proc/self/ns/pid"));
  } catch {
    hash.update(hostname());
  }
  return hash.digest("hex").slice(0, 12);
}

/** `undefined` where there is no /proc. One that only waits to be waited for has ended: it started at no time. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Behind the command's name, which is in parentheses and may contain anything: state, then fields 4 to 52.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "ended" : fields[19];
  } catch {
    return undefined;
  }
}
