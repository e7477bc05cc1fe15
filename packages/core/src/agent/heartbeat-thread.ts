import { Worker } from "node:worker_threads";
import { silentLogger } from "../ports/logger.ts";
import type { Logger } from "../ports/logger.ts";
import { workerUrl } from "../worker-url.ts";
import type { Heartbeats } from "./heartbeats.ts";

/** To the thread: beat for this agent so often, or, without a period, no more. */
export interface HeartbeatRequest {
  readonly id: number;
  readonly periodMs: number | undefined;
}

/** From the thread: this agent's heart beat for the so many-th time. */
export interface BeatMessage {
  readonly id: number;
  readonly sequence: number;
}

/**
 * Heartbeats from a thread of their own, which nothing that an agent does can hold up: a beat that finds the main
 * thread busy waits in its queue, none is left out. Give one of these to all agents of a process.
 *
 * The thread starts with the first agent and ends when it is disposed of; it does not keep the process alive.
 */
export const heartbeatThread = (logger: Logger = silentLogger): Heartbeats => new HeartbeatThread(logger);

class HeartbeatThread implements Heartbeats {
  readonly #beats = new Map<number, (sequence: number) => void>();
  readonly #logger: Logger;
  #worker: Worker | undefined;
  #nextId = 1;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  start(periodMs: number, beat: (sequence: number) => void): AsyncDisposable {
    const id = this.#nextId++;
    this.#beats.set(id, beat);
    this.#post({ id, periodMs });
    return {
      [Symbol.asyncDispose]: async () => {
        if (this.#beats.delete(id)) this.#post({ id, periodMs: undefined });
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#beats.clear();
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  #post(request: HeartbeatRequest): void {
    this.#worker ??= this.#startWorker();
    this.#worker.postMessage(request);
  }

  #startWorker(): Worker {
    const worker = new Worker(workerUrl(import.meta.url, "./heartbeat-worker"));
    worker.on("message", ({ id, sequence }: BeatMessage) => this.#beats.get(id)?.(sequence));
    // Without it the hosts are taken for down, which is better than a process that ends.
    worker.on("error", (error: unknown) => this.#logger.error({ err: error }, "the heartbeat thread has failed"));
    worker.unref();
    return worker;
  }
}
