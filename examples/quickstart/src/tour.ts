import type { ActorCloud, Cloud, OperationHandle } from "@cloudhost/core";
import type { Say } from "./events.ts";
import type { DecisionNotes } from "./placement/decision-notes.ts";
import type { StateFolder } from "./state/state-folder.ts";
import type { Stop } from "./stop.ts";

/** What every step works with. */
export interface Tour {
  /** The cloud as who runs it sees it. */
  readonly operator: ActorCloud;
  /** The cloud as a member of the project sees it. */
  readonly member: ActorCloud;
  /** When the cloud was opened, in epoch milliseconds. */
  readonly openedAtMs: number;
  readonly folder: StateFolder;
  readonly decisions: DecisionNotes;
  readonly say: Say;
  readonly stop: Stop;
}

/** The project of the tour. */
export const projectName = "album";

/** The same cloud, as two people see it. */
export const people = (cloud: Cloud): Pick<Tour, "operator" | "member"> => ({
  operator: cloud.as({ userId: "olga", roles: ["operator"] }),
  member: cloud.as({ userId: "amy", projectId: projectName, roles: ["member"] }),
});

/**
 * Begins an operation, tells how far it is, and waits for what comes of it. When the quickstart is stopped it does not
 * wait any more, but what was asked for has been asked for: whoever puts things away finds it.
 * @param of what to call it
 */
export async function follow<Result>(
  { say, stop }: Pick<Tour, "say" | "stop">,
  of: string,
  begin: () => Promise<OperationHandle<Result>>,
): Promise<Result> {
  stop.throwIfStopped();
  const operation = await begin();
  let last: string | undefined;
  const watching = operation.progress.subscribe({
    next: ({ step, percent }) => {
      const now = `${step} ${percent}`;
      if (now !== last && !stop.signal.aborted) say({ event: "progress", of, step, percent });
      last = now;
    },
    // Why it failed, its result says.
    error: () => {},
  });
  try {
    return await stop.until(operation.result());
  } finally {
    watching.unsubscribe();
  }
}

/** How long something took, in whole milliseconds. */
export async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; ms: number }> {
  const startedMs = performance.now();
  const result = await work();
  return { result, ms: Math.round(performance.now() - startedMs) };
}

/** Tells the steps' titles, numbered. */
export function steps(say: Say, of: number): (title: string) => void {
  let number = 0;
  return (title) => say({ event: "step", number: (number += 1), of, title });
}
