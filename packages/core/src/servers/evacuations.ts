import { notFound } from "../access/caller.ts";
import type { z } from "zod";
import type { Script } from "../database/script.ts";
import { CloudHostError, isCloudHostError } from "../errors.ts";
import type { FlavorStore } from "../flavors/store.ts";
import type { FenceStore } from "../hosts/fence-store.ts";
import type { HostRow, HostStore } from "../hosts/store.ts";
import type { ImageRecords } from "../images/store.ts";
import type { OperationEngine } from "../operations/engine.ts";
import { OperationHandle } from "../operations/handle.ts";
import type { OperationRecords } from "../operations/store.ts";
import type { Submitter } from "../operations/submission.ts";
import { bootedFrom, imageTraits } from "./boot-images.ts";
import type { ComparisonStore } from "./comparison-store.ts";
import type { DataDiskStore } from "./data-disk-store.ts";
import type { Asker } from "./gate-condition.ts";
import type { EvacuateHost, EvacuateServer, Server } from "./model.ts";
import { evacuateServer } from "./operations/evacuate-server.ts";
import type { ServerPlanner } from "./planner.ts";
import type { ServerRow } from "./server-row.ts";
import { shownServers } from "./shown-servers.ts";
import type { ServerSizes } from "./sizes.ts";
import type { ServerStore } from "./store.ts";
import { submitAction } from "./submit-action.ts";
import type { ActionCall } from "./submit-action.ts";

/** What evacuations are planned with. */
export interface EvacuationsDependencies {
  readonly comparisons: Pick<ComparisonStore, "placedOn">;
  readonly dataDisks: DataDiskStore;
  readonly engine: OperationEngine;
  readonly fences: FenceStore;
  readonly flavors: FlavorStore;
  readonly hosts: HostStore;
  readonly images: ImageRecords;
  readonly operations: OperationRecords;
  readonly planner: ServerPlanner;
  readonly servers: ServerStore;
  readonly sizes: ServerSizes;
}

/** The evacuation of a whole host. */
export interface HostEvacuation {
  /** One for each server that is being made anew: its progress, and its end. */
  readonly operations: readonly OperationHandle<Server>[];
  /** The servers that cannot be evacuated now, and why. */
  readonly refused: readonly { readonly serverId: string; readonly error: CloudHostError }[];
}

/** Makes servers of fenced hosts anew on others. */
export class ServerEvacuations {
  readonly #dependencies: EvacuationsDependencies;

  constructor(dependencies: EvacuationsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Begins one. What of it commits with its operation keeps the host fenced until it has ended. */
  begin(
    actor: Submitter & Asker,
    row: ServerRow,
    request: z.output<typeof EvacuateServer>,
  ): Promise<{ id: string; resourceId: string }> {
    const call: ActionCall = {
      action: "evacuate",
      definition: evacuateServer,
      request,
      plan: () => this.#plan(row, request),
      claims: this.#held(row),
      // The host that it is on is never asked.
      anywhere: true,
    };
    return submitAction(this.#dependencies, actor, row, call);
  }

  /**
   * Begins those of all servers of a host.
   * @throws CloudHostError `CONFLICT` when it is not fenced
   */
  async beginAll(
    actor: Submitter & Asker,
    host: HostRow,
    request: z.output<typeof EvacuateHost>,
  ): Promise<HostEvacuation> {
    if (host.fence !== "fenced") throw notFenced(host);
    const { comparisons, servers } = this.#dependencies;
    const operations: OperationHandle<Server>[] = [];
    const refused: { serverId: string; error: CloudHostError }[] = [];
    for (const serverId of await comparisons.placedOn(host.id)) {
      try {
        const row = await servers.get(serverId);
        if (row === undefined) continue;
        const { id } = (await this.#underWay(row)) ?? (await this.begin(actor, row, request));
        operations.push(this.#handle(id, serverId));
      } catch (error) {
        if (!isCloudHostError(error)) throw error;
        refused.push({ serverId, error });
      }
    }
    return { operations, refused };
  }

  /** The evacuation that has it already. */
  async #underWay({ busy, operation_id: id }: ServerRow): Promise<{ readonly id: string } | undefined> {
    if (!busy) return undefined;
    const operation = await this.#dependencies.operations.get(id);
    return operation?.kind === evacuateServer.kind ? operation : undefined;
  }

  async #plan(row: ServerRow, { host, image, latestSnapshot }: z.output<typeof EvacuateServer>): Promise<object> {
    const { flavors, hosts, images, planner, sizes } = this.#dependencies;
    const source = await hosts.get(row.host_id ?? "");
    if (source === undefined || source.fence !== "fenced") throw notFenced(source, row.host_name);
    const target = host === undefined ? undefined : await hosts.named(host);
    if (host !== undefined && target === undefined) throw notFound("host", host);
    const [size, flavor] = await Promise.all([sizes.of(row), flavors.named(row.flavor)]);
    const placing = await sizes.placing(row, flavor?.requires ?? {});
    const wanted = image ?? (latestSnapshot ? (await images.latestSnapshot(row.id))?.id : undefined);
    const chosen = wanted === undefined ? undefined : await planner.imageFor(row, wanted, "disk");
    const { image: _, boot: __, ...kept } = size.guest;
    return {
      projectId: row.project_id,
      sourceId: row.host_id,
      size: chosen === undefined ? size : { ...size, guest: { ...kept, ...bootedFrom(chosen) } },
      placing: {
        ...placing,
        ...(chosen === undefined ? {} : { image: imageTraits(chosen.properties) }),
        ...(target === undefined ? {} : { onlyOn: target.id }),
      },
      power: running.has(row.state) ? "active" : "stopped",
      nicIds: await sizes.nicIds(row.id),
    };
  }

  #held({ host_id: hostId, host_name: name }: ServerRow): Script {
    const { fences, hosts } = this.#dependencies;
    return {
      statements: [fences.hold(hostId ?? "")],
      result: undefined,
      refused: async () => notFenced(await hosts.get(hostId ?? ""), name),
    };
  }

  #handle(operationId: string, serverId: string): OperationHandle<Server> {
    const { engine, servers } = this.#dependencies;
    return new OperationHandle(engine, operationId, serverId, async () => {
      const row = await servers.get(serverId);
      const [server] = row === undefined ? [] : await shownServers(this.#dependencies, [row], true);
      if (server === undefined) throw notFound("server", serverId);
      return server;
    });
  }
}

/** What runs again. The memory of a paused or a suspended one is gone: it stays stopped. */
const running: ReadonlySet<string> = new Set(["active", "rescued", "error"]);

function notFenced(host: HostRow | undefined, name: string | null = null): CloudHostError {
  const state = host?.fence ?? host?.state ?? "unknown";
  const details = { state, allowed: ["fenced"] };
  const said = `The host ${host?.name ?? name} is ${state}: only what is on a fenced host can be evacuated.`;
  return new CloudHostError("CONFLICT", said, details);
}
