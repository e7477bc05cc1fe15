import { spawn } from "node:child_process";
import { once } from "node:events";
import { CloudHostError } from "@cloudhost/core/ports";
import { inNamespace, spawnRunner, toolEnvironment } from "./spawn-runner.ts";
import type { RunCommand } from "./command.ts";

/** A network namespace for trying things out. */
export interface ScratchNamespace extends AsyncDisposable {
  readonly run: RunCommand;
}

/**
 * Opens an unnamed network namespace, kept alive by a `cat` that waits for the end of its input. However this process
 * ends, the input ends with it, and the kernel takes the namespace away with all that is in it.
 *
 * @throws CloudHostError `HOST_UNAVAILABLE` when namespaces cannot be made here
 */
export async function openScratchNamespace(): Promise<ScratchNamespace> {
  const holder = spawn("unshare", ["--net", "cat"], { env: toolEnvironment(), stdio: "pipe" });
  const ended = new Promise<void>((resolve) => {
    holder.once("close", () => resolve());
    holder.once("error", () => resolve());
  });
  const said: Buffer[] = [];
  holder.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  holder.stdin.on("error", () => {});
  // What cat gives back proves that it runs, and so that the namespace is there.
  holder.stdin.write("\n");
  const ready = await Promise.race([once(holder.stdout, "data").then(() => true), ended.then(() => false)]);
  if (!ready || holder.pid === undefined) {
    const reason = Buffer.concat(said).toString().trim() || "unshare --net failed";
    throw new CloudHostError("HOST_UNAVAILABLE", "No network namespace can be made to try the kernel out.", {
      host: "",
      reason,
    });
  }
  return {
    run: inNamespace(spawnRunner, `/proc/${holder.pid}/ns/net`),
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await ended;
    },
  };
}
