import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { ChunkFault, chunkBytes, chunkHeaderBytes, decodeChunk, encodeChunk, identifyChunk } from "./chunk-codec.ts";
import type { ChunkTask, ChunkTaskResult } from "./chunk-task.ts";

/** Memory for one chunk under way. A thread that works on it has it meanwhile: then both are empty. */
export interface ChunkSlot {
  /** The chunk's bytes. */
  data: Buffer<ArrayBuffer>;
  /** The object, as it is stored. */
  frame: Buffer<ArrayBuffer>;
}

interface Waiter {
  readonly resolve: (result: ChunkTaskResult) => void;
  readonly reject: (error: unknown) => void;
}
interface Thread {
  readonly worker: Worker;
  readonly waiters: Map<number, Waiter>;
}

/** Takes less than a millisecond, and less than handing it to a thread: done at once. */
const smallBytes = 131_072;

const threadCount = Math.min(4, availableParallelism());

/**
 * Hashes, packs and unpacks chunks in worker threads: at 10 ms and more a chunk, the event loop would miss its timers.
 * The threads start as they are needed, do not keep the process alive while they wait, and end with `dispose`.
 *
 * Not in the runtime's own pool of threads (asynchronous zlib, WebCrypto): its results are fresh buffers of the main
 * thread's, and collecting these took a quarter of an import's time, in stalls of the event loop of up to 200 ms.
 */
export class ChunkThreads implements AsyncDisposable {
  readonly #slots: ChunkSlot[] = [];
  #threads: Thread[] = [];
  #number = 0;

  /** Lends memory for a chunk until the work is done. Its content is whatever it was. */
  async lend<T>(work: (slot: ChunkSlot) => Promise<T>): Promise<T> {
    // Used again: fresh memory for a chunk costs two thousand page faults.
    const slot = this.#slots.pop() ?? {
      data: Buffer.allocUnsafeSlow(chunkBytes),
      frame: Buffer.allocUnsafeSlow(chunkBytes + chunkHeaderBytes),
    };
    try {
      return await work(slot);
    } finally {
      if (slot.data.length > 0) this.#slots.push(slot);
    }
  }

  /** The id of the chunk in `data`; `undefined` for zeros. */
  async identify(slot: ChunkSlot, dataBytes: number): Promise<string | undefined> {
    if (dataBytes <= smallBytes) return identifyChunk(slot.data.subarray(0, dataBytes));
    return (await this.#run(slot, { kind: "identify", dataBytes, frameBytes: 0, id: "" })).id;
  }

  /** Packs the chunk in `data` into `frame`. @returns the object, a part of `frame` */
  async encode(slot: ChunkSlot, dataBytes: number): Promise<Buffer<ArrayBuffer>> {
    if (dataBytes <= smallBytes) {
      return slot.frame.subarray(0, encodeChunk(slot.data.subarray(0, dataBytes), slot.frame));
    }
    const { frameBytes } = await this.#run(slot, { kind: "encode", dataBytes, frameBytes: 0, id: "" });
    return slot.frame.subarray(0, frameBytes);
  }

  /**
   * Unpacks an object into `data`, and verifies it.
   * @returns the chunk, a part of `data`
   * @throws ChunkFault
   */
  async decode(slot: ChunkSlot, object: Uint8Array, id: string, dataBytes: number): Promise<Buffer<ArrayBuffer>> {
    if (object.length > slot.frame.length) throw new ChunkFault(`it has ${object.length} bytes, more than any chunk`);
    slot.frame.set(object);
    if (dataBytes <= smallBytes) {
      decodeChunk(slot.frame.subarray(0, object.length), id, slot.data.subarray(0, dataBytes));
      return slot.data.subarray(0, dataBytes);
    }
    const { fault } = await this.#run(slot, { kind: "decode", dataBytes, frameBytes: object.length, id });
    if (fault !== undefined) throw new ChunkFault(fault);
    return slot.data.subarray(0, dataBytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#slots.length = 0;
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  async #run(slot: ChunkSlot, task: Omit<ChunkTask, "number" | "data" | "frame">): Promise<ChunkTaskResult> {
    const thread = this.#leastBusy();
    const number = (this.#number += 1);
    const result = await new Promise<ChunkTaskResult>((resolve, reject) => {
      const [data, frame] = [slot.data.buffer, slot.frame.buffer];
      thread.waiters.set(number, { resolve, reject });
      thread.worker.ref();
      thread.worker.postMessage({ ...task, number, data, frame } satisfies ChunkTask, [data, frame]);
    });
    slot.data = Buffer.from(result.data);
    slot.frame = Buffer.from(result.frame);
    return result;
  }

  /** A thread starts when those there are have a chunk waiting each: a small disk needs one, and a start takes 50 ms. */
  #leastBusy(): Thread {
    if (this.#threads.length < threadCount && this.#threads.every(({ waiters }) => waiters.size > 1)) {
      this.#threads.push(this.#start());
    }
    return this.#threads.reduce((least, thread) => (thread.waiters.size < least.waiters.size ? thread : least));
  }

  #start(): Thread {
    const file = import.meta.url.endsWith(".ts") ? "./chunk-worker.ts" : "./chunk-worker.js";
    // No options of this process's: the thread needs none, and refuses some (`--input-type`).
    const worker = new Worker(new URL(file, import.meta.url), { execArgv: [] });
    const thread: Thread = { worker, waiters: new Map() };
    worker.unref();
    worker.on("message", (result: ChunkTaskResult) => {
      thread.waiters.get(result.number)?.resolve(result);
      thread.waiters.delete(result.number);
      if (thread.waiters.size === 0) worker.unref();
    });
    worker.on("error", (error) => this.#lost(thread, error));
    worker.on("exit", () => this.#lost(thread, new Error("the thread that worked on a chunk has ended")));
    return thread;
  }

  /** What a thread had is gone with it; the next chunk starts another one. */
  #lost(thread: Thread, error: unknown): void {
    this.#threads = this.#threads.filter((other) => other !== thread);
    for (const { reject } of thread.waiters.values()) reject(error);
    thread.waiters.clear();
  }
}
