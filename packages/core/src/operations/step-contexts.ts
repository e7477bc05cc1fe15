import { createHash } from "node:crypto";
import { idFromUuid } from "../ids.ts";
import type { Direction } from "./definition.ts";
import type { OperationRow } from "./journal.ts";
import type { CommandSource, RunDependencies } from "./run-dependencies.ts";
import type { RecordTools } from "./tools.ts";

/** Which attempt of which act step, and what its mark gave. */
export interface ActAttempt {
  readonly step: string;
  readonly direction: Direction;
  readonly attempt: number;
  readonly revision: number;
  /** Told how far the step is, in per cent. */
  readonly onPercent: (percent: number) => void;
}

/** Makes what each kind of step is called with: what is known of the operation, and the tools of its kind. */
export class StepContexts {
  readonly #dependencies: RunDependencies;
  readonly #row: OperationRow;
  readonly #input: object;
  readonly #signal: AbortSignal;

  constructor(dependencies: RunDependencies, row: OperationRow, input: object, signal: AbortSignal) {
    this.#dependencies = dependencies;
    this.#row = row;
    this.#input = input;
    this.#signal = signal;
  }

  decide(state: object): object {
    return { ...this.#known(state), ...this.#dependencies.decideTools };
  }

  record(state: object): object {
    const tools: RecordTools = { ...this.#dependencies.recordTools, nowMs: this.#dependencies.clock.nowMs() };
    return { ...this.#known(state), ...tools };
  }

  /** @throws HostElsewhere when another process has the operation's host */
  act(state: object, attempt: ActAttempt): object {
    const { actTools, hosts } = this.#dependencies;
    const { onPercent, revision } = attempt;
    const hostId = this.hostIn(state);
    return {
      ...this.#known(state),
      ...actTools,
      revision,
      transfer: {
        signal: this.#signal,
        onProgress: ({ percent }: { readonly percent: number }) => onPercent(percent),
      },
      host: hostId === undefined ? undefined : hosts.host(hostId, this.#commandsOf(attempt)),
    };
  }

  /** The host that the operation is on: what a step returned, else its input. */
  hostIn(state: object): string | undefined {
    const { hostId, input } = this.#known(state) as { hostId?: string; input: { hostId?: string | null } };
    return hostId ?? input.hostId ?? undefined;
  }

  /** The input, the subject's id under its own name, and what earlier steps returned. */
  #known(state: object): object {
    const [resource = ""] = this.#row.kind.split(".");
    return { input: this.#input, [`${resource}Id`]: this.#row.resource_id, ...state };
  }

  /** The same ids at each run of the same attempt: a command that was sent before a crash is asked for again, not repeated. */
  #commandsOf({ step, direction, attempt, onPercent }: ActAttempt): CommandSource {
    const { id: operationId, epoch, resource_id: resource } = this.#row;
    let commands = 0;
    const nextCommandId = (): string => {
      const key = [operationId, step, direction, attempt, (commands += 1)].join("/");
      return idFromUuid("cmd", createHash("sha256").update(key).digest("hex").slice(0, 32));
    };
    return { operationId, epoch, resource, nextCommandId, onPercent };
  }
}
