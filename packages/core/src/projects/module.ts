import { ContainerModule } from "inversify";
import { tokens } from "../tokens.ts";
import { ProjectStore } from "./store.ts";

/** Projects' rows. */
export const projectsModule = new ContainerModule(({ bind }) => {
  bind(tokens.projects)
    .toResolvedValue((database, quotas) => new ProjectStore(database, quotas), [tokens.database, tokens.quotas])
    .inSingletonScope();
});
