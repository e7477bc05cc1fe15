import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { QuickstartEvent } from "../src/events.ts";

const main = join(import.meta.dirname, "../src/main.ts");

/** How a run ended, and what it told. */
export interface QuickstartRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Each line parsed by its schema. Empty without `--json`. */
  readonly events: readonly QuickstartEvent[];
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the quickstart as a process of its own, as `npm run quickstart` does.
 * @param onEvent called with each event of `--json`, its number from 0, and the process
 * @param onLine called with each line
 */
export async function quickstart(
  args: readonly string[],
  onEvent: (event: QuickstartEvent, index: number, child: ChildProcess) => void = () => {},
  onLine: (line: string) => void = () => {},
): Promise<QuickstartRun> {
  const { INIT_CWD: _, ...env } = process.env;
  const child = spawn(process.execPath, ["--conditions=@cloudhost/source", main, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own, as a terminal's foreground is.
    detached: true,
    env: { ...env, NO_COLOR: "1" },
  });
  const events: QuickstartEvent[] = [];
  const stdout: string[] = [];
  const stderr: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk.toString()));
  const json = args.includes("--json");
  const lines = createInterface(child.stdout);
  lines.on("line", (line) => {
    stdout.push(line);
    onLine(line);
    if (!json) return;
    const event = QuickstartEvent.parse(JSON.parse(line));
    onEvent(event, events.push(event) - 1, child);
  });
  const read = new Promise((resolve) => lines.once("close", resolve));
  const { promise, resolve, reject } = Promise.withResolvers<Pick<QuickstartRun, "code" | "signal">>();
  child.once("error", reject);
  child.once("exit", (code, signal) => resolve({ code, signal }));
  const ended = await promise;
  await read;
  return { ...ended, events, stdout: stdout.join("\n"), stderr: stderr.join("") };
}
