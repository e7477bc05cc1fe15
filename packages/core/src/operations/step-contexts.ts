import { createHash } from "node:crypto";
import { idFromUuid } from "../ids.ts";
import type { TransferOptions } from "../ports/host-images.ts";
import type { Direction, Step } from "./definition.ts";
import type { OperationRow } from "./journal.ts";
import type { CommandSource, RunDependencies } from "./run-dependencies.ts";
import type { RecordTools } from "./tools.ts";

/** Which attempt of which act step, and what its mark gave. */
export interface ActAttempt {
  readonly step: string;
  readonly direction: Direction;
  readonly attempt: number;
  readonly revision: number;
  /** Fires when the step is to end before its time. */
  readonly signal: AbortSignal | undefined;
  /** Told how far the step is, in per cent. */
  readonly onPercent: (percent: number) => void;
}

/** Makes what each kind of step is called with: what is known of the operation, and the tools of its kind. */
export class StepContexts {
  readonly #dependencies: Omit<RunDependencies, "progress">;
  readonly #row: OperationRow;
  readonly #input: object;
  readonly #stop: AbortSignal;

  /** @param stop fires when this process stops */
  constructor(dependencies: Omit<RunDependencies, "progress">, row: OperationRow, input: object, stop: AbortSignal) {
    this.#dependencies = dependencies;
    this.#row = row;
    this.#input = input;
    this.#stop = stop;
  }

  decide(state: object): object {
    return { ...this.#known(state), ...this.#dependencies.decideTools };
  }

  record(state: object): object {
    const tools: RecordTools = { ...this.#dependencies.recordTools, nowMs: this.#dependencies.clock.nowMs() };
    return { ...this.#known(state), ...tools };
  }

  /** @throws HostElsewhere when another process has the step's host */
  act(step: Step, state: object, attempt: ActAttempt): object {
    const { actTools, hosts } = this.#dependencies;
    const { onPercent, revision, signal } = attempt;
    const hostId = this.hostOf(step, state);
    const stop = this.#stop;
    return {
      ...this.#known(state),
      ...actTools,
      revision,
      // Made when it is asked for: most steps transfer nothing.
      get transfer(): TransferOptions {
        return {
          signal: signal === undefined ? stop : AbortSignal.any([stop, signal]),
          onProgress: ({ percent }) => onPercent(percent),
        };
      },
      host: hostId === undefined ? undefined : hosts.host(hostId, this.#commandsOf(attempt)),
      hostFor: (resource: string) => hosts.host(hostId ?? "", this.#commandsOf(attempt, resource)),
    };
  }

  /** The host that a step reaches: its own word for it, else what an earlier step returned, else the input's. */
  hostOf(step: Step | undefined, state: object): string | undefined {
    const known = this.#known(state) as { hostId?: string; input: { hostId?: string | null } };
    if (step?.type === "act" && step.on !== undefined) return step.on(known) ?? undefined;
    return known.hostId ?? known.input.hostId ?? undefined;
  }

  /** The input, the subject's id under its own name, and what earlier steps returned. */
  #known(state: object): object {
    const [resource = ""] = this.#row.kind.split(".");
    return { input: this.#input, [`${resource}Id`]: this.#row.resource_id, ...state };
  }

  /** The same ids at each run of the same attempt: a command that was sent before a crash is asked for again, not repeated. */
  #commandsOf(
    { step, direction, attempt, onPercent, signal }: ActAttempt,
    resource: string = this.#row.resource_id,
  ): CommandSource {
    const { id: operationId, epoch, resource_id: subject, retries } = this.#row;
    // A retry counts its attempts anew, and must not be answered with how those before it ended.
    const attempts = retries === 0 ? attempt : `${retries}.${attempt}`;
    let commands = 0;
    const nextCommandId = (): string => {
      const about = resource === subject ? [] : [resource];
      const key = [operationId, step, direction, attempts, ...about, (commands += 1)].join("/");
      return idFromUuid("cmd", createHash("sha256").update(key).digest("hex").slice(0, 32));
    };
    return { operationId, epoch, resource, nextCommandId, onPercent, signal };
  }
}
