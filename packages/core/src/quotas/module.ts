import type { ContainerModule } from "inversify";
import { defaults } from "../defaults.ts";
import { tokens } from "../tokens.ts";
import { QuotaStore } from "./store.ts";

/** Quotas' rows. */
export const quotasModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.quotas)
    .toResolvedValue((database) => new QuotaStore(database), [tokens.database])
    .inSingletonScope();
});
