import { CommanderError } from "commander";
import { CloudHostError, systemClock } from "@cloudhost/core/ports";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { createProgram } from "./program.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Runs `cloudhost-images`.
 *
 * @param args without the program's own name
 * @returns the exit code
 */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = exitCodes.done;
  const program = createProgram(terminal, (code) => (exitCode = code));
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // It has printed its help or its complaint already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    return explain(CloudHostError.from(error), args.includes("--json"), terminal);
  }
}

/** Runs it on this process's terminal. Ctrl-C cancels what goes on, which tidies up; a second one ends the process. */
export async function runCliHere(args: readonly string[]): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort(new Error("interrupted"));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  // Whoever reads the output has seen enough: `cloudhost-images list REPO | head`.
  process.stdout.once("error", interrupt);
  try {
    return await runCli(args, {
      print: (line) => void process.stdout.write(`${line}\n`),
      note: (text) => void process.stderr.write(text),
      isWatched: process.stderr.isTTY,
      environment: process.env,
      signal: interrupted.signal,
      clock: systemClock(),
    });
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

function explain(error: CloudHostError, json: boolean, terminal: Terminal): number {
  terminal.note(json ? `${JSON.stringify(error)}\n` : `${error.message}\n`);
  return exitCodeOf(error);
}
