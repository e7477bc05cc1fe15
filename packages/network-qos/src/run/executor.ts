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
   * Runs the stages in their order, the batches of each at once, and stops behind the first stage in which one failed;
   * what was done stays done.
   * @throws CloudHostError `HOST_UNAVAILABLE`, or `CANCELLED` between two stages
   */
  async execute(stages: readonly (readonly Batch[])[], signal?: AbortSignal): Promise<void> {
    for (const stage of stages) {
      const batches = stage.filter(({ lines }) => lines.length > 0);
      if (batches.length > 0) throwIfCancelled(signal);
      const ended = await Promise.allSettled(batches.map((batch) => this.#write(batch)));
      for (const end of ended) if (end.status === "rejected") throw end.reason;
    }
  }

  async #write({ argv, lines }: Batch): Promise<void> {
    const { host, clock, logger } = this.#context;
    const command = { argv, input: `${lines.join("\n")}\n` };
    const startMs = clock.nowMs();
    this.#writes += lines.length;
    const result = await this.#run(command);
    if (result.exitCode !== 0) throw commandFailed(command, result, host);
    logger.debug({ host, program: argv[0], lines: lines.length, ms: clock.nowMs() - startMs }, "Wrote to the network.");
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
