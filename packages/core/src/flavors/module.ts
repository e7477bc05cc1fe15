import type { ContainerModule } from "inversify";
import { defaults } from "../defaults.ts";
import { tokens } from "../tokens.ts";
import { FlavorStore } from "./store.ts";

/** Flavors' rows. */
export const flavorsModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.flavors)
    .toResolvedValue((database) => new FlavorStore(database), [tokens.database])
    .inSingletonScope();
});
