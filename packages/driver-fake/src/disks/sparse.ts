import type { FileHandle } from "node:fs/promises";
import { throwIfCancelled } from "../cancelled.ts";
import { blockBytes } from "./writes.ts";
import type { Place } from "./writes.ts";

const sliceBytes = 2 ** 20;
const zeros = Buffer.alloc(sliceBytes);

/** Copies a file's data to the same places of another, passing over what is zero: holes stay holes. */
export async function copyData(from: FileHandle, to: FileHandle, signal: AbortSignal): Promise<void> {
  const slice = Buffer.alloc(sliceBytes);
  for (let offset = 0; ; offset += sliceBytes) {
    throwIfCancelled(signal, "copying a disk");
    const { bytesRead } = await from.read(slice, 0, sliceBytes, offset);
    if (bytesRead === 0) return;
    const data = slice.subarray(0, bytesRead);
    if (!data.equals(zeros.subarray(0, bytesRead))) await to.write(data, 0, bytesRead, offset);
  }
}

/** Copies what is in these places, block by block, passing over what is zero. */
export async function copyPlaces(from: FileHandle, to: FileHandle, places: readonly Place[]): Promise<void> {
  for (const { offset, bytes } of places) {
    const { buffer } = await from.read(Buffer.alloc(bytes), 0, bytes, offset);
    for (let at = 0; at < bytes; at += blockBytes) {
      const block = buffer.subarray(at, at + blockBytes);
      if (!block.equals(zeros.subarray(0, blockBytes))) await to.write(block, 0, blockBytes, offset + at);
    }
  }
}
