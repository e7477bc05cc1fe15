import { setTimeout } from "node:timers/promises";
import type { OperationState } from "@cloudhost/core";
import { leaseMs } from "./fleet.ts";
import type { ActionFleet } from "./fleet.ts";

/**
 * Moves time on until operations have ended. Their handles would poll the journal for those of the other process, and so
 * keep the time from standing still.
 * @param later is told how many seconds have gone by, each time before more do
 */
export async function ended(
  fleet: ActionFleet,
  operationIds: readonly string[],
  later: (seconds: number) => Promise<void> = async () => {},
): Promise<void> {
  const beganMs = performance.now();
  for (let seconds = 0; ; seconds += 2) {
    await fleet.clock.settled();
    const states = await Promise.all(operationIds.map((id) => stateOf(fleet, id)));
    if (states.every((state) => state !== "running" && state !== "undoing")) return;
    // What nobody runs any more waits for the end of its lease, by the machine's time.
    if (seconds > 600) await setTimeout(100);
    if (performance.now() - beganMs > 4 * leaseMs) throw new Error(`not ended: ${states.join(", ")}`);
    await later(seconds);
    await fleet.clock.advance({ seconds: 2 });
  }
}

/** How an operation is now. */
export async function stateOf({ ops }: ActionFleet, operationId: string): Promise<OperationState> {
  return (await ops.operations.get(operationId)).state;
}
