import { parentPort } from "node:worker_threads";
import type { BeatMessage, HeartbeatRequest } from "./heartbeat-thread.ts";

/**
 * The thread that beats. It does nothing else, so that no task of the agents, however long, makes it miss a beat. This
 * is the one place where time comes from a timer of the system: a virtual clock lives in another thread.
 */
const timers = new Map<number, NodeJS.Timeout>();

parentPort?.on("message", (request: HeartbeatRequest) => {
  clearInterval(timers.get(request.id));
  timers.delete(request.id);
  if (request.periodMs === undefined) return;
  let sequence = 0;
  const beat = (): void => parentPort?.postMessage({ id: request.id, sequence: ++sequence } satisfies BeatMessage);
  timers.set(request.id, setInterval(beat, request.periodMs));
});
