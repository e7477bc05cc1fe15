import type { ContainerModule } from "inversify";
import { defaults } from "../defaults.ts";
import { tokens } from "../tokens.ts";
import { QuotaRequestStore } from "./request-store.ts";
import { QuotaStore } from "./store.ts";

/** Quotas, and requests for more. */
export const quotasModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.quotas)
    .toResolvedValue((database) => new QuotaStore(database), [tokens.database])
    .inSingletonScope();
  bind(tokens.quotaRequests)
    .toResolvedValue((database) => new QuotaRequestStore(database), [tokens.database])
    .inSingletonScope();
});
