import type { ContainerModule } from "inversify";
import { defaults } from "../defaults.ts";
import { tokens } from "../tokens.ts";
import { EventRetention } from "./retention.ts";

/** How long events are kept. */
export const eventsModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.eventRetention)
    .toResolvedValue(
      (database, clock, { eventsKeptMs }) => new EventRetention(database, clock, eventsKeptMs),
      [tokens.database, tokens.clock, tokens.settings],
    )
    .inSingletonScope();
});
