import type { ContainerModule } from "inversify";
import { defaults } from "../defaults.ts";
import { tokens } from "../tokens.ts";
import { AggregateStore } from "./store.ts";

/** Aggregates' rows. */
export const aggregatesModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.aggregates)
    .toResolvedValue((database) => new AggregateStore(database), [tokens.database])
    .inSingletonScope();
});
