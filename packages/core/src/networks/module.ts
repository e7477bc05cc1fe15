import type { ContainerModule } from "inversify";
import { defaults } from "../defaults.ts";
import { tokens } from "../tokens.ts";
import { defaultBandwidthPolicy } from "./bandwidth-policy.ts";
import { NetworkConvergence } from "./convergence.ts";
import { NetworkRenderer } from "./renderer.ts";
import { NetworkStore } from "./store.ts";

/** The fixed network: addresses, bindings, and bringing hosts to what is wanted. */
export const networksModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.bandwidthPolicy).toConstantValue(defaultBandwidthPolicy);
  bind(tokens.networks)
    .toResolvedValue((database, ids) => new NetworkStore(database, ids), [tokens.database, tokens.ids])
    .inSingletonScope();
  bind(tokens.networkConvergence)
    .toResolvedValue(
      (database, networks, runtime, hosts, clock, logger) =>
        new NetworkConvergence(new NetworkRenderer(database), networks, runtime, hosts, database, clock, logger),
      [tokens.database, tokens.networks, tokens.runtime, tokens.hosts, tokens.clock, tokens.logger],
    )
    .inSingletonScope();
});
