import type { ContainerModule } from "inversify";
import { defaults } from "../defaults.ts";
import { tokens } from "../tokens.ts";
import { LogStore } from "./store.ts";

/** The log's rows. */
export const auditModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.log)
    .toResolvedValue((database, ids) => new LogStore(database, ids), [tokens.database, tokens.ids])
    .inSingletonScope();
});
