import type { ContainerModule } from "inversify";
import { defaults } from "../defaults.ts";
import { tokens } from "../tokens.ts";
import { KeypairStore } from "./store.ts";

/** Keypairs' rows. */
export const keypairsModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.keypairs)
    .toResolvedValue((database) => new KeypairStore(database), [tokens.database])
    .inSingletonScope();
});
