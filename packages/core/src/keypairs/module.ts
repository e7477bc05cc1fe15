import { ContainerModule } from "inversify";
import { tokens } from "../tokens.ts";
import { KeypairStore } from "./store.ts";

/** Keypairs' rows. */
export const keypairsModule = new ContainerModule(({ bind }) => {
  bind(tokens.keypairs)
    .toResolvedValue((database) => new KeypairStore(database), [tokens.database])
    .inSingletonScope();
});
