import type { ChunkBackend, ImageStoreContext } from "@cloudhost/core/ports";
import { Leases } from "../leases/leases.ts";
import { Repository } from "../repository/repository.ts";
import { Collector } from "./collector.ts";

/**
 * Looks through a whole store and removes all that no image needs. Deletions and imports tidy up after themselves and
 * after killed ones; this is for what came there otherwise. While an import runs, nothing is removed.
 *
 * @throws CloudHostError `HOST_UNAVAILABLE` (retryable), `CANCELLED`
 */
export async function collectGarbage(
  backend: ChunkBackend,
  context: ImageStoreContext,
  signal?: AbortSignal,
): Promise<void> {
  const collector = new Collector(new Repository(backend), new Leases(backend, context), context.clock, context.logger);
  // A note that names nothing: look everywhere.
  await collector.collect((lease) => collector.note(lease, {}), signal);
}
