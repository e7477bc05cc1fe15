import { z } from "zod";
import type { ChunkBackend } from "@cloudhost/core/ports";
import type { Lease } from "../leases/leases.ts";
import { ChunkId } from "../repository/chunk-id.ts";
import { layout } from "../repository/layout.ts";
import { ManifestDigest } from "../repository/manifest.ts";

/**
 * What may be garbage by now, written down before it becomes so: whoever collects next begins with it, and need not
 * look through the whole store. A note without a manifest and without chunks says that nobody knows: look everywhere.
 */
export const GarbageNote = z.strictObject({
  version: z.literal(1),
  /** Of an image that lost its name. */
  manifest: ManifestDigest.optional(),
  /** Of an import that failed. */
  chunks: z.array(ChunkId).optional(),
});
export type GarbageNote = z.infer<typeof GarbageNote>;

/** A note where it lies. */
export interface FoundNote {
  readonly key: string;
  /** Key of the collection's lease under which it was written, if a deletion wrote it. */
  readonly writer: string;
  readonly note: GarbageNote;
}

/** Writes a note, one for each lease. */
export async function putNote(backend: ChunkBackend, lease: Lease, note: Omit<GarbageNote, "version">): Promise<void> {
  const key = layout.notes + lease.key.slice(lease.key.indexOf("/") + 1);
  await backend.put(key, Buffer.from(JSON.stringify({ version: 1, ...note })));
}

/** Every note; one that cannot be read says as much as an empty one. */
export async function readNotes(backend: ChunkBackend): Promise<FoundNote[]> {
  const notes: FoundNote[] = [];
  for await (const { key } of backend.list(layout.notes)) {
    const bytes = await backend.get(key);
    const writer = `collections/${key.slice(layout.notes.length)}`;
    if (bytes !== undefined) notes.push({ key, writer, note: parse(bytes) });
  }
  return notes;
}

function parse(bytes: Uint8Array): GarbageNote {
  try {
    return GarbageNote.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch {
    return { version: 1 };
  }
}
