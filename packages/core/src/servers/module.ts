import type { ContainerModule } from "inversify";
import { defaults } from "../defaults.ts";
import { tokens } from "../tokens.ts";
import { BootImages } from "./boot-images.ts";
import { DataDiskStore } from "./data-disk-store.ts";
import { ServerEvacuations } from "./evacuations.ts";
import { GuestWatch } from "./guest-watch.ts";
import { PowerSync } from "./power-sync.ts";
import { ServerPlanner } from "./planner.ts";
import { ServerPurge } from "./purge.ts";
import { SeedStore } from "./seed-store.ts";
import { ShelvedStore } from "./shelved-store.ts";
import { ServerSizes } from "./sizes.ts";
import { ComparisonStore } from "./comparison-store.ts";
import { ServerStore } from "./store.ts";
import { AdoptionPlanner } from "./adoption-planner.ts";
import { UnknownGuests } from "./unknown-guests.ts";

/** Servers: their rows, what their creation needs, and what their hosts say of them. */
export const serversModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.servers)
    .toResolvedValue((database) => new ServerStore(database), [tokens.database])
    .inSingletonScope();
  bind(tokens.comparisons)
    .toResolvedValue((database) => new ComparisonStore(database), [tokens.database])
    .inSingletonScope();
  bind(tokens.seeds)
    .toResolvedValue((database) => new SeedStore(database), [tokens.database])
    .inSingletonScope();
  bind(tokens.shelved)
    .toResolvedValue((database) => new ShelvedStore(database), [tokens.database])
    .inSingletonScope();
  bind(tokens.dataDisks)
    .toResolvedValue((database) => new DataDiskStore(database), [tokens.database])
    .inSingletonScope();
  bind(tokens.planner)
    .toResolvedValue(
      (flavors, images, hosts, keypairs, groups, seeds, network, bandwidth, ids, clock) =>
        new ServerPlanner({
          flavors,
          images: new BootImages(images),
          hosts,
          keypairs,
          groups,
          seeds,
          network,
          bandwidth,
          ids,
          clock,
        }),
      [
        tokens.flavors,
        tokens.images,
        tokens.hosts,
        tokens.keypairs,
        tokens.serverGroups,
        tokens.seeds,
        tokens.fixedNetwork,
        tokens.bandwidthPolicy,
        tokens.ids,
        tokens.clock,
      ],
    )
    .inSingletonScope();
  bind(tokens.serverPurge)
    .toResolvedValue(
      (servers, engine, clock) => new ServerPurge({ servers, engine, clock }),
      [tokens.servers, tokens.engine, tokens.clock],
    )
    .inSingletonScope();
  bind(tokens.serverSizes)
    .toResolvedValue(
      (database, dataDisks, images, bandwidth) =>
        new ServerSizes({ database, dataDisks, bootImages: new BootImages(images), bandwidth }),
      [tokens.database, tokens.dataDisks, tokens.images, tokens.bandwidthPolicy],
    )
    .inSingletonScope();
  bind(tokens.evacuations)
    .toResolvedValue(
      (comparisons, dataDisks, engine, fences, flavors, hosts, images, operations, planner, servers, sizes) =>
        new ServerEvacuations({
          comparisons,
          dataDisks,
          engine,
          fences,
          flavors,
          hosts,
          images,
          operations,
          planner,
          servers,
          sizes,
        }),
      [
        tokens.comparisons,
        tokens.dataDisks,
        tokens.engine,
        tokens.fences,
        tokens.flavors,
        tokens.hosts,
        tokens.images,
        tokens.operations,
        tokens.planner,
        tokens.servers,
        tokens.serverSizes,
      ],
    )
    .inSingletonScope();
  bind(tokens.powerSync)
    .toResolvedValue(
      (database, comparisons, runtime, engine, convergence, clock, logger, written, { drift: policy }, unknown) =>
        new PowerSync({ database, comparisons, runtime, engine, convergence, clock, logger, written, policy, unknown }),
      [
        tokens.database,
        tokens.comparisons,
        tokens.runtime,
        tokens.engine,
        tokens.networkConvergence,
        tokens.clock,
        tokens.logger,
        tokens.outboxWritten,
        tokens.settings,
        tokens.unknownGuests,
      ],
    )
    .inSingletonScope();
  bind(tokens.unknownGuests)
    .toResolvedValue(
      (database, comparisons, rows, clock, logger, written) =>
        new UnknownGuests({ database, comparisons, rows, clock, logger, written }),
      [tokens.database, tokens.comparisons, tokens.unknownGuestRows, tokens.clock, tokens.logger, tokens.outboxWritten],
    )
    .inSingletonScope();
  bind(tokens.adoptionPlanner)
    .toResolvedValue(
      (flavors, hosts, projects, network, bandwidth, ids, clock) =>
        new AdoptionPlanner({ flavors, hosts, projects, network, bandwidth, ids, clock }),
      [
        tokens.flavors,
        tokens.hosts,
        tokens.projects,
        tokens.fixedNetwork,
        tokens.bandwidthPolicy,
        tokens.ids,
        tokens.clock,
      ],
    )
    .inSingletonScope();
  bind(tokens.guestWatch)
    .toResolvedValue(
      (database, servers, runtime, clock, logger, written, sync, { closed }) =>
        new GuestWatch(database, servers, runtime, clock, logger, written, sync, closed),
      [
        tokens.database,
        tokens.servers,
        tokens.runtime,
        tokens.clock,
        tokens.logger,
        tokens.outboxWritten,
        tokens.powerSync,
        tokens.settings,
      ],
    )
    .inSingletonScope();
});
