import { CloudHostError } from "@cloudhost/core/ports";

/** A program and what it reads from stdin: arguments as they are, never a shell's line. */
export interface Command {
  readonly argv: readonly [program: string, ...args: string[]];
  readonly input?: string;
}

/** How a program ended. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end. All that this package reads and writes of a host goes through one such function, so that
 * tests can stand in for the kernel.
 *
 * @throws CloudHostError `DEPENDENCY_MISSING` when there is no such program
 */
export type RunCommand = (command: Command) => Promise<CommandResult>;

/** The program's output. @throws CloudHostError `HOST_UNAVAILABLE` when it fails */
export async function outputOf(run: RunCommand, command: Command, host: string): Promise<string> {
  const result = await run(command);
  if (result.exitCode !== 0) throw commandFailed(command, result, host);
  return result.stdout;
}

/** What a failed command becomes: the host is as it was or half changed, and the same call may be repeated. */
export function commandFailed(command: Command, result: CommandResult, host: string): CloudHostError {
  const said = result.stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== "We have an error talking to the kernel");
  const reason = `${command.argv.join(" ")}: ${said.join("; ") || `exit code ${result.exitCode}`}${lineAt(command, result)}`;
  return new CloudHostError(
    "HOST_UNAVAILABLE",
    `The network of host ${host} could not be changed or read.`,
    { host, reason },
    { retryable: true },
  );
}

/** The line of the batch that failed, where the program says its number (`Command failed -:12`, `line 12 failed`). */
function lineAt({ input }: Command, { stderr }: CommandResult): string {
  const number = /(?:Command failed [^\s:]*:|line:? )(\d+)/i.exec(stderr)?.[1];
  const line = number === undefined ? undefined : input?.split("\n")[Number(number) - 1];
  return line === undefined ? "" : ` (${line})`;
}
