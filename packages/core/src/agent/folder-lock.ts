import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { CloudHostError } from "../errors.ts";
import { isRunning, thisProcess } from "./process-identity.ts";

const LockRecord = z.strictObject({ pid: z.int(), started: z.string(), released: z.boolean() });
type LockRecord = z.infer<typeof LockRecord>;

const lockName = /^lock\.(\d+)$/;

/**
 * Takes a folder for this holder alone, until it is disposed of or its process ends, however it ends.
 *
 * The holder's file is `lock.N`, complete from the moment it can be seen. Whoever finds the highest one left behind
 * makes the next higher, which only one can, so that two who find it at once never both hold the folder.
 *
 * @throws CloudHostError `LOCKED` when somebody who still runs has it
 */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  await mkdir(folder, { recursive: true });
  const mine: LockRecord = { ...(await thisProcess()), released: false };
  for (;;) {
    const newest = await newestLock(folder);
    if (newest > 0) await refuseIfHeld(folder, newest);
    const taken = newest + 1;
    if (!(await create(folder, taken, mine))) continue;
    if ((await newestLock(folder)) > taken) {
      // A later one was taken and came while we looked: it stands, ours does not.
      await rm(join(folder, `lock.${taken}`), { force: true });
      continue;
    }
    await removeOlder(folder, taken);
    return { [Symbol.asyncDispose]: () => replace(folder, taken, { ...mine, released: true }) };
  }
}

async function newestLock(folder: string): Promise<number> {
  const numbers = (await readdir(folder)).map((name) => Number(lockName.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers);
}

async function refuseIfHeld(folder: string, number: number): Promise<void> {
  const path = join(folder, `lock.${number}`);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    // Removed by the holder of a newer one: the next look finds that.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const holder = parse(text);
  if (holder === undefined || holder.released || !(await isRunning(holder))) return;
  throw new CloudHostError("LOCKED", `Process ${holder.pid} has the folder ${folder}.`, {
    resource: folder,
    by: `process ${holder.pid}`,
  });
}

/** What is no record was damaged with its machine: nobody who runs has written it. */
function parse(text: string): LockRecord | undefined {
  try {
    return LockRecord.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Whether this number was still free. */
async function create(folder: string, number: number, record: LockRecord): Promise<boolean> {
  const draft = await writeDraft(folder, record);
  try {
    await link(draft, join(folder, `lock.${number}`));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function replace(folder: string, number: number, record: LockRecord): Promise<void> {
  await rename(await writeDraft(folder, record), join(folder, `lock.${number}`));
}

async function writeDraft(folder: string, record: LockRecord): Promise<string> {
  const path = join(folder, `.lock-${randomUUID()}`);
  await writeFile(path, JSON.stringify(record));
  return path;
}

async function removeOlder(folder: string, taken: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const number = Number(lockName.exec(name)?.[1] ?? taken);
    if (number < taken) await rm(join(folder, name), { force: true });
  }
}
