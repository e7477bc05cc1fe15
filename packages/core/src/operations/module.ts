import type { ContainerModule } from "inversify";
import { defaults } from "../defaults.ts";
import { fenceHost } from "../hosts/operations/fence-host.ts";
import { unfenceHost } from "../hosts/operations/unfence-host.ts";
import { deleteImage } from "../images/operations/delete-image.ts";
import { importImage } from "../images/operations/import-image.ts";
import { snapshotServer } from "../images/operations/snapshot-server.ts";
import { adoptServer } from "../servers/operations/adopt-server.ts";
import { confirmResize } from "../servers/operations/confirm-resize.ts";
import { createDisk, deleteDisk } from "../servers/operations/data-disks.ts";
import { attachInterface, detachInterface } from "../servers/operations/interfaces.ts";
import { createServer } from "../servers/operations/create-server.ts";
import { deleteServer } from "../servers/operations/delete-server.ts";
import {
  pauseServer,
  rebootServer,
  resumeServer,
  startServer,
  stopServer,
  suspendServer,
  unpauseServer,
} from "../servers/operations/power.ts";
import { CloudHostError } from "../errors.ts";
import { rebuildServer } from "../servers/operations/rebuild-server.ts";
import { rescueServer, unrescueServer } from "../servers/operations/rescue-server.ts";
import { restoreServer, softDeleteServer } from "../servers/operations/soft-delete.ts";
import { evacuateServer } from "../servers/operations/evacuate-server.ts";
import { migrateServer, resizeToOtherHost } from "../servers/operations/relocate-server.ts";
import { resizeServer } from "../servers/operations/resize-server.ts";
import { revertResize } from "../servers/operations/revert-resize.ts";
import { shelveServer } from "../servers/operations/shelve-server.ts";
import { unshelveServer } from "../servers/operations/unshelve-server.ts";
import { ProjectEmptier } from "../projects/emptier.ts";
import { deleteProject } from "../projects/operations/delete-project.ts";
import { tokens } from "../tokens.ts";
import type { RuntimeSettings } from "../tokens.ts";
import { boundariesOf } from "./boundary.ts";
import type { OperationDefinition } from "./definition.ts";
import { OperationEngine } from "./engine.ts";
import type { EngineOptions } from "./engine.ts";
import { hostDirectory } from "./host-directory.ts";
import { OperationJournal } from "./journal.ts";
import { OperationRecords } from "./store.ts";

/** Every operation there is: what resumes after a crash, and what the crash harness kills. */
export const operationDefinitions: readonly OperationDefinition[] = [
  createServer,
  adoptServer,
  deleteServer,
  startServer,
  stopServer,
  rebootServer,
  pauseServer,
  unpauseServer,
  suspendServer,
  resumeServer,
  rebuildServer,
  rescueServer,
  unrescueServer,
  softDeleteServer,
  restoreServer,
  resizeServer,
  resizeToOtherHost,
  confirmResize,
  revertResize,
  migrateServer,
  shelveServer,
  unshelveServer,
  createDisk,
  deleteDisk,
  attachInterface,
  detachInterface,
  evacuateServer,
  importImage,
  snapshotServer,
  deleteImage,
  deleteProject,
  fenceHost,
  unfenceHost,
];

/** Every point between two effects of every operation, by name: what a crash test must kill at. */
export const operationBoundaries: readonly string[] = operationDefinitions.flatMap(boundariesOf);

/** The engine that runs operations. */
export const operationsModule: ContainerModule = defaults(({ bind }) => {
  bind(tokens.operations)
    .toResolvedValue((database) => new OperationRecords(database), [tokens.database])
    .inSingletonScope();
  bind(tokens.engine)
    .toResolvedValue(
      (
        database,
        clock,
        ids,
        logger,
        settings,
        feed,
        claims,
        claimChanges,
        networks,
        servers,
        dataDisks,
        seeds,
        shelved,
        images,
        fences,
        imageStore,
        runtime,
        convergence,
        written,
        log,
        projects,
      ) => {
        const engine: OperationEngine = new OperationEngine(
          {
            database,
            journal: new OperationJournal(database, settings.leaseMs),
            log,
            clock,
            logger,
            decideTools: { fleet: feed },
            recordTools: {
              claims,
              claimChanges,
              networks,
              servers,
              dataDisks,
              seeds,
              shelved,
              images,
              projects,
              fences,
            },
            actTools: {
              imageStore,
              layersOf: (serverId) => shelved.of(serverId),
              nicsOf: (serverId) => networks.nics(serverId),
              ownOf: async (serverId) => ({ nics: await networks.nics(serverId), seed: await seeds.of(serverId) }),
              emptier: new ProjectEmptier({ database, clock, servers, images, engine: () => engine }),
              fence: settings.fence,
              evacuatedFrom: (hostId) => fences.leftOn(hostId),
            },
            hosts: hostDirectory(runtime, convergence),
            onBoundary: settings.onBoundary,
            committed: () => written.next(),
          },
          operationDefinitions,
          ids,
          engineOptions(settings),
        );
        return engine;
      },
      [
        tokens.database,
        tokens.clock,
        tokens.ids,
        tokens.logger,
        tokens.settings,
        tokens.feed,
        tokens.claims,
        tokens.claimChanges,
        tokens.networks,
        tokens.servers,
        tokens.dataDisks,
        tokens.seeds,
        tokens.shelved,
        tokens.images,
        tokens.fences,
        tokens.imageStore,
        tokens.runtime,
        tokens.networkConvergence,
        tokens.outboxWritten,
        tokens.log,
        tokens.projects,
      ],
    )
    .inSingletonScope();
});

/** @throws CloudHostError `INVALID_ARGUMENT` for a limit of a kind that there is not */
function engineOptions({ runsOperations, leaseMs, concurrency, timeoutsMs }: RuntimeSettings): EngineOptions {
  const kinds = operationDefinitions.map(({ kind }) => kind);
  const strange = Object.keys(timeoutsMs).find((kind) => !kinds.includes(kind));
  if (strange === undefined) return { runs: runsOperations, leaseMs, concurrency, timeoutsMs };
  const issues = [{ path: `timeoutsMs.${strange}`, message: `no kind of operation; there are ${kinds.join(", ")}` }];
  throw new CloudHostError("INVALID_ARGUMENT", `There is no operation ${strange}.`, { issues });
}
