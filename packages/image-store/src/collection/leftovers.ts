import { systemClock } from "@cloudhost/core/ports";
import type { ChunkBackend, Clock } from "@cloudhost/core/ports";
import { findLeases } from "../leases/leases.ts";
import { chunkKey, layout, manifestKey } from "../repository/layout.ts";
import { placedChunks } from "../repository/manifest.ts";
import { Repository } from "../repository/repository.ts";

/** Something in a store that no image needs. */
export interface Leftover {
  /** `session`: an import's; `collection`: a deletion's; `note`: of garbage to collect; else what nothing leads to. */
  readonly kind: "session" | "collection" | "note" | "manifest" | "chunk";
  readonly key: string;
  /** Whether somebody is at work with it just now: then it is none yet. */
  readonly held: boolean;
}

/**
 * Everything in a store that no image needs. A store at rest has none; after a kill there are some until the store is
 * opened again, or the next import or deletion ends.
 *
 * @throws CloudHostError `IMAGE_CORRUPT` when an image cannot be read: what it needs cannot be told
 * @example
 * const leftovers = await findLeftovers(fileSystemBackend("./state/images"));
 */
export async function findLeftovers(
  backend: ChunkBackend,
  clock: Pick<Clock, "nowMs"> = systemClock(),
): Promise<Leftover[]> {
  const leftovers: Leftover[] = [];
  const now = async (): Promise<number> => clock.nowMs();
  for (const { key, held } of await findLeases(backend, "sessions", now))
    leftovers.push({ kind: "session", key, held });
  for (const { key, held } of await findLeases(backend, "collections", now)) {
    leftovers.push({ kind: "collection", key, held });
  }
  const busy = leftovers.some(({ held }) => held);
  for await (const { key } of backend.list(layout.notes)) leftovers.push({ kind: "note", key, held: busy });

  const needed = await neededKeys(new Repository(backend));
  for (const [kind, prefix] of [
    ["manifest", layout.manifests],
    ["chunk", layout.chunks],
  ] as const) {
    for await (const { key } of backend.list(prefix)) if (!needed.has(key)) leftovers.push({ kind, key, held: busy });
  }
  return leftovers;
}

async function neededKeys(repository: Repository): Promise<Set<string>> {
  const needed = new Set<string>();
  for await (const { name } of repository.names()) {
    const { digest } = await repository.imageOrThrow(name);
    needed.add(manifestKey(digest));
    for (const { id } of placedChunks(await repository.manifest(digest, name))) needed.add(chunkKey(id));
  }
  return needed;
}
