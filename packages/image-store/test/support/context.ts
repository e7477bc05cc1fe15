import { silentLogger, systemClock, uuidv7Ids } from "@cloudhost/core/ports";
import type { ImageStoreContext } from "@cloudhost/core/ports";

/** What stores are opened with: the machine's clock, ids, and no log. */
export const context = (): ImageStoreContext => ({
  clock: systemClock(),
  ids: uuidv7Ids(systemClock()),
  logger: silentLogger,
});
