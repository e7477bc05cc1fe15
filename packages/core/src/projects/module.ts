import type { ContainerModule } from "inversify";
import { defaults } from "../defaults.ts";
import { tokens } from "../tokens.ts";
import { ProjectStore } from "./store.ts";

/** Projects' rows. */
export const projectsModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.projects)
    .toResolvedValue((database, quotas) => new ProjectStore(database, quotas), [tokens.database, tokens.quotas])
    .inSingletonScope();
});
