import { randomUUID } from "node:crypto";
import { appendFile, readFile } from "node:fs/promises";
import { CloudHostError } from "@cloudhost/core/ports";
import { z } from "zod";

/** A line of the lock file: somebody wants the folder, or gives it back. */
const Claim = z.union([
  z.strictObject({ claim: z.string(), pid: z.int(), startedAt: z.string() }),
  z.strictObject({ release: z.string() }),
]);
type Claim = z.infer<typeof Claim>;

/**
 * Takes what the file guards until disposed of or the process ends, however it ends. Everybody appends a claim and
 * looks who was first of those that still run: there is no moment at which two can both find themselves first, and
 * nothing of a dead one has to be cleared away.
 *
 * @throws CloudHostError `LOCKED` when somebody who still runs was first
 */
export async function takeLock(path: string, resource: string): Promise<AsyncDisposable> {
  const claim = randomUUID();
  // The newline before it ends what a kill may have cut off.
  const append = (line: Claim): Promise<void> => appendFile(path, `\n${JSON.stringify(line)}\n`);
  const release = (): Promise<void> => append({ release: claim });
  await append({ claim, pid: process.pid, startedAt: (await startOf(process.pid)) ?? "" });
  const holder = await firstRunning(path);
  if (holder.claim === claim) return { [Symbol.asyncDispose]: release };
  await release();
  throw new CloudHostError("LOCKED", `Process ${holder.pid} has ${resource} open.`, {
    resource,
    by: `process ${holder.pid}`,
  });
}

type Holder = Extract<Claim, { claim: string }>;

async function firstRunning(path: string): Promise<Holder> {
  const waiting = new Map<string, Holder>();
  for (const line of (await readFile(path, "utf8")).split("\n")) {
    const entry = parseClaim(line);
    if (entry === undefined) continue;
    if ("claim" in entry) waiting.set(entry.claim, entry);
    else waiting.delete(entry.release);
  }
  for (const holder of waiting.values()) if (await isRunning(holder)) return holder;
  throw new CloudHostError("INTERNAL", `Our own claim is missing in ${path}.`, {});
}

function parseClaim(line: string): Claim | undefined {
  try {
    return Claim.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

async function isRunning({ pid, startedAt }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, under another user.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return startedAt === "" || startedAt === ((await startOf(pid)) ?? startedAt);
}

/**
 * When a process started, as the kernel counts it: tells it from a later one that got the same number. `ended` for one
 * that only waits to be waited for, `undefined` where there is no /proc.
 */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const bootId = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    // Behind the command's name, which is in parentheses and may contain anything: the state, then fields 4 to 52.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "ended" : `${bootId.trim()} ${fields[19]}`;
  } catch {
    return undefined;
  }
}
