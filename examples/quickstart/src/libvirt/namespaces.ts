import { CloudHostError } from "@cloudhost/core";
import { outputOf, requireProgram } from "./programs.ts";

/** Says to this process, once it runs anew, that it is in namespaces of its own: its number, which it keeps. */
const mark = "CLOUDHOST_QUICKSTART_NAMESPACES";

const unshareArgs = ["--mount", "--propagation", "private", "--net"];

/** Whether this process has been through {@link enterNamespaces}. */
export const insideNamespaces = (): boolean => process.env[mark] === String(process.pid);

/** @throws CloudHostError `UNSUPPORTED`, in a sentence that says what to type */
export function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  const details = { feature: "real guests", by: "a user who is not root" };
  throw new CloudHostError(
    "UNSUPPORTED",
    "Real guests need root: sudo npm run quickstart -- --driver libvirt",
    details,
  );
}

/**
 * Begins this process anew, with mounts and a network of its own, which end with it and with what it starts. Does not
 * return: the process keeps its number, its terminal and its arguments.
 *
 * @throws CloudHostError `DEPENDENCY_MISSING`, `HOST_UNAVAILABLE` where namespaces cannot be made
 */
export async function enterNamespaces(): Promise<never> {
  const unshare = await requireProgram("unshare");
  // Tried first: once this process is replaced there is nobody left to explain.
  await outputOf("unshare", ...unshareArgs, "true");
  const [, main = "", ...args] = process.argv;
  const again = [process.execPath, ...process.execArgv, main, ...args];
  const environment = { ...process.env, [mark]: String(process.pid) };
  if (process.execve === undefined) throw unsupported();
  return process.execve(unshare, [unshare, ...unshareArgs, ...again], environment);
}

const unsupported = (): CloudHostError =>
  new CloudHostError("UNSUPPORTED", "This system cannot replace a running process.", {
    feature: "namespaces",
    by: process.platform,
  });
