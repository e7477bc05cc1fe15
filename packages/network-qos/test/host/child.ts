import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A child that lives until its stdin ends, spoken to in lines. */
export interface Child extends AsyncDisposable {
  write(line: string): void;
  /** Calls for each line that it prints from now on. */
  onLine(hear: (line: string) => void): void;
}

/** Starts a child and waits for its first line: it says `ready`. */
export async function startChild(program: string, ...args: readonly string[]): Promise<Child> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.on("error", () => {});
  const lines = createInterface({ input: child.stdout });
  const ready = await Promise.race([once(lines, "line").then(() => true), ended.then(() => false)]);
  if (!ready) throw new Error(`${program} ${args.join(" ")} did not start: ${said}`);
  return {
    write: (line) => child.stdin.write(`${line}\n`),
    onLine: (hear) => void lines.on("line", hear),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
