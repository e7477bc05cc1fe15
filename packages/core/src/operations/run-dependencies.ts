import type { LogStore } from "../audit/store.ts";
import type { Database } from "../database/database.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { OnBoundary } from "./boundary.ts";
import type { OperationJournal } from "./journal.ts";
import type { OperationProgress } from "./model.ts";
import type { ActTools, DecideTools, RecordTools } from "./tools.ts";

/** Whose commands an act step's are, and which. */
export interface CommandSource {
  readonly operationId: string;
  readonly epoch: number;
  /** The operation's subject: commands about it are in order. */
  readonly resource: string;
  /** The same at each run of the same attempt: a repeat after a crash is answered from the agent's journal. */
  readonly nextCommandId: () => string;
  /** Told how far it is, in per cent of the step. */
  readonly onPercent: (percent: number) => void;
  /** Cancels the commands on the host. */
  readonly signal: AbortSignal | undefined;
}

/** The hosts, as the engine reaches them. */
export interface HostDirectory {
  /** The hosts that this process reaches. */
  reached(): readonly string[];
  /** Whether this process reaches it. */
  reaches(hostId: string): boolean;
  /** @throws HostElsewhere when another process has it */
  host(hostId: string, source: CommandSource): ActTools["host"];
}

/** What running operations needs. */
export interface RunDependencies {
  readonly database: Database;
  readonly journal: OperationJournal;
  readonly log: Pick<LogStore, "ended">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly decideTools: DecideTools;
  readonly recordTools: Omit<RecordTools, "nowMs">;
  readonly actTools: Pick<
    ActTools,
    "evacuatedFrom" | "fence" | "imageStore" | "layersOf" | "nicsOf" | "ownOf" | "emptier"
  >;
  readonly hosts: HostDirectory;
  readonly onBoundary: OnBoundary;
  /** Told after each commit: there may be news in the outbox. */
  committed(): void;
  progress(progress: OperationProgress): void;
}
