import { spawn } from "node:child_process";
import { CloudHostError } from "@cloudhost/core/ports";
import { packageOf } from "./tools.ts";
import type { Command, CommandResult, RunCommand } from "./command.ts";

/** Where Debian has the tools of the network; not on every user's PATH. */
const systemFolders = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin";

/** What children get: the tools' messages are parsed, so they speak English. */
export const toolEnvironment = (): Record<string, string> => ({
  PATH: `${process.env["PATH"] ?? ""}:${systemFolders}`,
  LC_ALL: "C",
});

/** Runs programs as children of this process. */
export const spawnRunner: RunCommand = (command) =>
  new Promise((resolve, reject) => {
    const [program, ...args] = command.argv;
    const child = spawn(program, args, { env: toolEnvironment(), stdio: "pipe" });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", (cause) => reject(notStarted(program, cause)));
    child.on("close", (code) => {
      const result: CommandResult = {
        exitCode: code ?? 128,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      };
      resolve(result);
    });
    // A program that fails early does not read its batch to the end: its exit code tells, not the broken pipe.
    child.stdin.on("error", () => {});
    child.stdin.end(command.input ?? "");
  });

/** The same programs inside another network namespace, given by its path (`/run/netns/NAME`, `/proc/PID/ns/net`). */
export const inNamespace =
  (run: RunCommand, path: string): RunCommand =>
  ({ argv, ...rest }: Command) =>
    run({ ...rest, argv: ["nsenter", `--net=${path}`, "--", ...argv] });

function notStarted(program: string, cause: Error): CloudHostError {
  if ((cause as NodeJS.ErrnoException).code !== "ENOENT") {
    return new CloudHostError(
      "HOST_UNAVAILABLE",
      `${program} could not be started.`,
      { host: "", reason: cause.message },
      { cause, retryable: true },
    );
  }
  const remedy = `Install ${packageOf(program)}.`;
  return new CloudHostError(
    "DEPENDENCY_MISSING",
    `The program ${program} is missing. ${remedy}`,
    { dependency: program, remedy },
    { cause },
  );
}
