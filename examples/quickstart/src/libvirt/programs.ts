import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { CloudHostError } from "@cloudhost/core";
import { findProgram } from "../find-program.ts";

const run = promisify(execFile);

/** What Debian calls the package of each program that is run here. */
const packages: Readonly<Record<string, string>> = {
  ip: "iproute2",
  tc: "iproute2",
  unshare: "util-linux",
  "apt-get": "apt",
};

/**
 * What a program says.
 * @throws CloudHostError `DEPENDENCY_MISSING` when it is not installed; `HOST_UNAVAILABLE` with what it said when it failed
 */
export async function outputOf(program: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await run(await requireProgram(program), args, { env: { ...process.env, LC_ALL: "C" } });
    return stdout;
  } catch (cause) {
    if (cause instanceof CloudHostError) throw cause;
    const reason = (cause as { readonly stderr?: string }).stderr?.trim() ?? String(cause);
    const command = [program, ...args].join(" ");
    throw new CloudHostError("HOST_UNAVAILABLE", `${command}: ${reason}`, { host: "this computer", reason }, { cause });
  }
}

/** @throws CloudHostError `DEPENDENCY_MISSING` */
export async function requireProgram(program: string): Promise<string> {
  const path = await findProgram(program);
  if (path !== undefined) return path;
  const remedy = `apt-get install ${packages[program] ?? program}`;
  throw new CloudHostError("DEPENDENCY_MISSING", `The program ${program} is missing.`, { dependency: program, remedy });
}
