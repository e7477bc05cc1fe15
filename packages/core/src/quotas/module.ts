import { ContainerModule } from "inversify";
import { tokens } from "../tokens.ts";
import { QuotaStore } from "./store.ts";

/** Quotas' rows. */
export const quotasModule = new ContainerModule(({ bind }) => {
  bind(tokens.quotas)
    .toResolvedValue((database) => new QuotaStore(database), [tokens.database])
    .inSingletonScope();
});
