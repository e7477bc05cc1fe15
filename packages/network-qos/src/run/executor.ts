import { CloudHostError } from "@cloudhost/core/ports";
import type { DriverContext } from "@cloudhost/core/ports";
import { commandFailed } from "./command.ts";
import type { Command, RunCommand } from "./command.ts";

/** Lines for one subsystem's program, fed to its stdin at once. */
export interface Batch {
  readonly argv: Command["argv"];
  /** Each is one change; none means that there is nothing to run. */
  readonly lines: readonly string[];
}

/** Whose host it is, and who wants to know what was written there. */
export type ExecutorContext = Pick<DriverContext, "host" | "clock" | "logger">;

/** Runs plans, and counts what they change: a second apply is proved by a count that stays. */
export class Executor {
  readonly #run: RunCommand;
  readonly #context: ExecutorContext;
  #writes = 0;

  constructor(run: RunCommand, context: ExecutorContext) {
    this.#run = run;
    this.#context = context;
  }

  /** Lines handed to the host's programs so far. */
  get writes(): number {
    return this.#writes;
  }

  /**
   * Runs the batches in their order and stops at the first that fails; what came before stays done.
   * @throws CloudHostError `HOST_UNAVAILABLE`, or `CANCELLED` between two batches
   */
  async execute(batches: readonly Batch[], signal?: AbortSignal): Promise<void> {
    const { host, clock, logger } = this.#context;
    for (const { argv, lines } of batches) {
      if (lines.length === 0) continue;
      throwIfCancelled(signal);
      const command = { argv, input: `${lines.join("\n")}\n` };
      const startMs = clock.nowMs();
      this.#writes += lines.length;
      const result = await this.#run(command);
      if (result.exitCode !== 0) throw commandFailed(command, result, host);
      logger.debug(
        { host, program: argv[0], lines: lines.length, ms: clock.nowMs() - startMs },
        "Wrote to the network.",
      );
    }
  }
}

/** @throws CloudHostError `CANCELLED` */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new CloudHostError(
    "CANCELLED",
    "Work on the network was cancelled.",
    { what: "network" },
    { cause: signal.reason },
  );
}
