import { parentPort } from "node:worker_threads";
import { ChunkFault, decodeChunk, encodeChunk, identifyChunk } from "./chunk-codec.ts";
import type { ChunkTask, ChunkTaskResult } from "./chunk-task.ts";

parentPort?.on("message", (task: ChunkTask) => {
  const { data, frame } = task;
  parentPort?.postMessage({ ...perform(task), number: task.number, data, frame } satisfies ChunkTaskResult, [
    data,
    frame,
  ]);
});

function perform({ kind, data, frame, dataBytes, frameBytes, id }: ChunkTask): Partial<ChunkTaskResult> {
  const bytes = Buffer.from(data, 0, dataBytes);
  if (kind === "identify") return { id: identifyChunk(bytes) };
  if (kind === "encode") return { frameBytes: encodeChunk(bytes, Buffer.from(frame)) };
  try {
    decodeChunk(Buffer.from(frame, 0, frameBytes), id, bytes);
    return {};
  } catch (error) {
    if (error instanceof ChunkFault) return { fault: error.message };
    throw error;
  }
}
