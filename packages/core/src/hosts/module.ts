import type { ContainerModule } from "inversify";
import { defaults } from "../defaults.ts";
import { tokens } from "../tokens.ts";
import { ClaimChanges } from "./claim-changes.ts";
import { Claims } from "./claims.ts";
import { FenceStore } from "./fence-store.ts";
import { FleetFeed } from "./fleet-feed.ts";
import { HostMonitor } from "./host-monitor.ts";
import { HostRuntime } from "./host-runtime.ts";
import { HostStore } from "./store.ts";
import { UnknownGuestStore } from "./unknown-guest-store.ts";
import { UsageAuditor } from "./usage-audit.ts";

/** Hosts: their rows and claims, the scheduler's view of them, and the agents of this process. */
export const hostsModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.hosts)
    .toResolvedValue((database, ids) => new HostStore(database, ids), [tokens.database, tokens.ids])
    .inSingletonScope();
  bind(tokens.fences)
    .toResolvedValue((database) => new FenceStore(database), [tokens.database])
    .inSingletonScope();
  bind(tokens.feed)
    .toResolvedValue(
      (hosts, aggregates, groups, scheduler) => new FleetFeed({ hosts, aggregates, groups }, scheduler),
      [tokens.hosts, tokens.aggregates, tokens.serverGroups, tokens.scheduler],
    )
    .inSingletonScope();
  bind(tokens.claims)
    .toResolvedValue(
      (database, quotas, groups, watcher) => new Claims({ database, quotas, groups, watcher }),
      [tokens.database, tokens.quotas, tokens.serverGroups, tokens.feed],
    )
    .inSingletonScope();
  bind(tokens.usageAuditor)
    .toResolvedValue(
      (database, clock, logger, watcher, written) => new UsageAuditor({ database, clock, logger, watcher, written }),
      [tokens.database, tokens.clock, tokens.logger, tokens.feed, tokens.outboxWritten],
    )
    .inSingletonScope();
  bind(tokens.unknownGuestRows)
    .toResolvedValue((database) => new UnknownGuestStore(database), [tokens.database])
    .inSingletonScope();
  bind(tokens.claimChanges)
    .toResolvedValue(
      (database, quotas, groups, watcher) => new ClaimChanges({ database, quotas, groups, watcher }),
      [tokens.database, tokens.quotas, tokens.serverGroups, tokens.feed],
    )
    .inSingletonScope();
  bind(tokens.runtime)
    .toResolvedValue(
      (
        database,
        hosts,
        imageStore,
        bus,
        clock,
        ids,
        logger,
        heartbeats,
        { stateDir, leaseMs, heartbeatMs, onBoundary },
      ) =>
        new HostRuntime({
          database,
          hosts,
          imageStore,
          bus,
          clock,
          ids,
          logger,
          heartbeats,
          stateDir,
          leaseMs,
          heartbeatMs,
          onBoundary,
        }),
      [
        tokens.database,
        tokens.hosts,
        tokens.imageStore,
        tokens.bus,
        tokens.clock,
        tokens.ids,
        tokens.logger,
        tokens.heartbeats,
        tokens.settings,
      ],
    )
    .inSingletonScope();
  bind(tokens.hostMonitor)
    .toResolvedValue(
      (database, hosts, runtime, feed, guests, clock, logger, { heartbeatMs }) =>
        new HostMonitor(database, hosts, runtime, feed, guests, clock, logger, heartbeatMs),
      [
        tokens.database,
        tokens.hosts,
        tokens.runtime,
        tokens.feed,
        tokens.guestWatch,
        tokens.clock,
        tokens.logger,
        tokens.settings,
      ],
    )
    .inSingletonScope();
});
