import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundledChild } from "./bundle-child.ts";
import type { ChildTask } from "./child-task.ts";

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null;
  /** `SIGKILL` where it was told to die and did. */
  readonly signal: NodeJS.Signals | null;
  /** The last of what it said on stderr. */
  readonly said: string;
}

/** Runs one child process of the crash harness to its end. */
export async function runChild(task: ChildTask, mostMs = 60_000): Promise<ChildEnd> {
  await rm(task.log, { force: true });
  // A driver that the bundle has not is loaded from its sources.
  const child = spawn(process.execPath, ["--conditions=@cloudhost/source", await bundledChild()], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...process.env,
      CLOUDHOST_CRASH_TASK: JSON.stringify(task),
      // The same program is loaded hundreds of times.
      NODE_COMPILE_CACHE: join(tmpdir(), "cloudhost-compile-cache"),
    },
    timeout: mostMs,
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  return { code, signal, said: said.slice(-2000) };
}
