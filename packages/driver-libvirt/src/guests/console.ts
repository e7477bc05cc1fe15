import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

/**
 * The end of a console's log, as text of at most so many bytes. libvirt's log daemon begins a new file when one is full
 * and keeps the one before under the same name and `.0`.
 */
export async function readConsole(path: string, mostBytes: number): Promise<string> {
  const newest = await lastBytes(path, mostBytes);
  const missing = mostBytes - newest.length;
  const before = missing > 0 ? await lastBytes(`${path}.0`, missing) : Buffer.alloc(0);
  const text = Buffer.concat([before, newest]).toString("utf8");
  return endOf(text, mostBytes);
}

async function lastBytes(path: string, most: number): Promise<Buffer> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (isMissing(error)) return Buffer.alloc(0);
    throw error;
  }
  await using _ = file;
  const { size } = await file.stat();
  const length = Math.min(size, most);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.subarray(0, bytesRead);
}

/** Bytes that are no UTF-8 become characters of three bytes each: there may be more of them than were read. */
function endOf(text: string, mostBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= mostBytes) return text;
  let start = bytes.length - mostBytes;
  // Not into the middle of a character.
  while (start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.toString("utf8", start);
}

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";
