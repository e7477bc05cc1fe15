import type { ContainerModule } from "inversify";
import { defaults } from "../defaults.ts";
import { tokens } from "../tokens.ts";
import { ServerGroupStore } from "./store.ts";

/** Server groups' rows. */
export const serverGroupsModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.serverGroups)
    .toResolvedValue((database) => new ServerGroupStore(database), [tokens.database])
    .inSingletonScope();
});
