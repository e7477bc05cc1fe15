import type { ContainerModule } from "inversify";
import { defaults } from "../defaults.ts";
import { tokens } from "../tokens.ts";
import { MemberStore } from "./member-store.ts";
import { ProjectStore } from "./store.ts";

/** Projects and their members. */
export const projectsModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.projects)
    .toResolvedValue(
      (database, quotas, clock) => new ProjectStore(database, quotas, clock),
      [tokens.database, tokens.quotas, tokens.clock],
    )
    .inSingletonScope();
  bind(tokens.members)
    .toResolvedValue((database, clock) => new MemberStore(database, clock), [tokens.database, tokens.clock])
    .inSingletonScope();
});
