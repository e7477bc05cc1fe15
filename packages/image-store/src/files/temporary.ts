import { randomUUID } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../failures.ts";
import { isRunning, thisProcess } from "./process-identity.ts";

const pattern = /^\.part-([0-9a-f]{12})-([0-9]{1,10})-([0-9]{1,20})-[0-9a-f-]{36}$/;

/** Path of a new file, to be written whole and then moved to its place. The name tells whose it is. */
export function temporaryPath(folder: string): string {
  const { scope, pid, started } = thisProcess();
  return join(folder, `.part-${scope}-${pid}-${started}-${randomUUID()}`);
}

/** Removes the temporary files in a folder whose writers have ended, however they ended. */
export async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const [, scope, pid, started] = pattern.exec(name) ?? [];
    if (scope === undefined || pid === undefined || started === undefined) continue;
    if (isRunning({ scope, pid: Number(pid), started }) === false) await rm(join(folder, name), { force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
