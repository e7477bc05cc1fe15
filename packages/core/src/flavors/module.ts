import { ContainerModule } from "inversify";
import { tokens } from "../tokens.ts";
import { FlavorStore } from "./store.ts";

/** Flavors' rows. */
export const flavorsModule = new ContainerModule(({ bind }) => {
  bind(tokens.flavors)
    .toResolvedValue((database) => new FlavorStore(database), [tokens.database])
    .inSingletonScope();
});
