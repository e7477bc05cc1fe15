import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** A program of this folder in a process of its own, which talks to us in JSON. */
export interface Child<Said> extends AsyncDisposable {
  readonly process: ChildProcess;
  /**
   * What it says next.
   * @throws Error when it ends instead, with what it wrote on stderr
   */
  said(): Promise<Said>;
  tell(message: object): void;
  /** Resolves when it has ended by itself. */
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

/** @param name of the program, without `.ts` */
export function startChild<Said>(name: string, task: object): Child<Said> {
  const child = fork(new URL(`./${name}.ts`, import.meta.url), [JSON.stringify(task)], {
    execArgv: ["--conditions=@cloudhost/source"],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const waiting: Said[] = [];
  let wake = Promise.withResolvers<void>();
  child.on("message", (message: Said) => {
    waiting.push(message);
    wake.resolve();
    wake = Promise.withResolvers();
  });
  const ended = once(child, "exit").then(([code]) => ({ code: code as number | null, stderr }));
  return {
    process: child,
    ended,
    async said() {
      while (waiting.length === 0) {
        const end = await Promise.race([wake.promise, ended]);
        if (end !== undefined && waiting.length === 0) throw new Error(`${name} ended with ${end.code}: ${end.stderr}`);
      }
      return waiting.shift() as Said;
    },
    tell: (message) => void child.send(message),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}
