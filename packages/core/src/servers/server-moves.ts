import { notFound } from "../access/caller.ts";
import type { z } from "zod";
import type { ChangeScope, Scope } from "../access/caller.ts";
import { CloudHostError, isCloudHostError } from "../errors.ts";
import type { Flavor } from "../flavors/model.ts";
import { larger } from "../hosts/claim-changes.ts";
import type { OperationHandle } from "../operations/handle.ts";
import { diskKeysOf } from "./guest-spec.ts";
import { MigrateServer, ResizeServer, ServerAction } from "./model.ts";
import type { Server } from "./model.ts";
import { confirmResize } from "./operations/confirm-resize.ts";
import { migrateServer, resizeToOtherHost } from "./operations/relocate-server.ts";
import { PendingResize } from "./operations/resize-plan.ts";
import type { ServerSize } from "./operations/resize-plan.ts";
import { placementOf } from "./operations/placing.ts";
import type { Placing } from "./operations/placing.ts";
import { resizeServer } from "./operations/resize-server.ts";
import { revertResize } from "./operations/revert-resize.ts";
import type { ServerCalls } from "./server-calls.ts";
import { ServerContents } from "./server-contents.ts";
import type { ServerRow } from "./server-row.ts";

/** A resize that was asked for. */
interface Resize {
  readonly row: ServerRow;
  readonly request: z.output<typeof ResizeServer>;
  readonly before: ServerSize;
  readonly after: ServerSize;
  /** Where it may go when its host cannot take it. */
  readonly placing: Placing;
}

/** A server's size and its place. */
export class ServerMoves extends ServerContents {
  readonly #calls: ServerCalls;

  constructor(calls: ServerCalls) {
    super(calls);
    this.#calls = calls;
  }

  /**
   * Gives it another flavor. Live where it runs, its host has room for the difference and can change a running guest;
   * else it is stopped, resized there or, without room there, on another host, and started again. A live resize is done
   * when its operation is. Any other waits in state `resized` until {@link confirmResize} or {@link revertResize}: so
   * long both sizes, and on two hosts both places, are claimed. Of another host only what the server itself has written
   * is carried. Disks do not shrink.
   *
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`, `INVALID_ARGUMENT` for a flavor with smaller disks, `QUOTA_EXCEEDED`.
   * From `result()`: `NO_VALID_HOST`, `UNSUPPORTED` where a host can neither keep nor carry disks
   * @example
   * await (await album.servers.resize("web-1", { flavor: "c4.e8" })).result();
   * await (await album.servers.confirmResize("web-1")).result();
   */
  async resize(idOrName: string, input: ResizeServer): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: ResizeServer, input, what: "options of resize" };
    return this.#calls.change("servers.resize", asked, async (scope, request, row) => {
      const earlier = await this.#earlierResize(row, request);
      if (earlier !== undefined) return this.#handle(scope, earlier);
      const { flavors, sizes } = this.#calls.dependencies;
      const flavor = await flavors.named(request.flavor);
      if (flavor === undefined) throw notFound("flavor", request.flavor);
      requireLarger(row, flavor);
      const [before, placing] = await Promise.all([sizes.of(row), sizes.placing(row, flavor.requires)]);
      const resize = { row, request, before, after: sizes.with(before, flavor), placing };
      try {
        return this.#handle(scope, await this.#resizeHere(scope, resize));
      } catch (error) {
        // Its host cannot take the new size, or has no room for what it would need more.
        if (!isCloudHostError(error, "EXHAUSTED") && !isCloudHostError(error, "NO_VALID_HOST")) throw error;
        return this.#handle(scope, await this.#resizeElsewhere(scope, resize));
      }
    });
  }

  /**
   * Keeps the new size: the way back is given up, and what only the old size held is free again.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for one that is not `resized`
   */
  async confirmResize(idOrName: string, input: ServerAction = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: ServerAction, input, what: "options of confirmResize" };
    const action = { action: "confirmResize", definition: confirmResize, plan: pendingOf } as const;
    return this.#calls.act("servers.confirmResize", asked, () => action);
  }

  /**
   * Goes back to the size, the host and the disks of before the resize. What it has written since is gone.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for one that is not `resized`
   */
  async revertResize(idOrName: string, input: ServerAction = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: ServerAction, input, what: "options of revertResize" };
    const action = { action: "revertResize", definition: revertResize, plan: pendingOf } as const;
    return this.#calls.act("servers.revertResize", asked, () => action);
  }

  /**
   * Moves it to another host: it is stopped, what it has written is carried over, and it is started there if it ran. Its
   * addresses move with it.
   * @throws CloudHostError `NOT_FOUND`, also for the host; `CONFLICT`. From `result()`: `NO_VALID_HOST`, `UNSUPPORTED`
   */
  async migrate(idOrName: string, input: MigrateServer = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: MigrateServer, input, what: "options of migrate" };
    return this.#calls.act("servers.migrate", asked, ({ host }) => ({
      action: "migrate",
      definition: migrateServer,
      plan: async (row) => {
        const { flavors, hosts, sizes } = this.#calls.dependencies;
        const target = host === undefined ? undefined : await hosts.named(host);
        if (host !== undefined && target === undefined) throw notFound("host", host);
        const [size, flavor] = await Promise.all([sizes.of(row), flavors.named(row.flavor)]);
        const placing = await sizes.placing(row, flavor?.requires ?? {});
        const there = { ...placing, ...(target === undefined ? {} : { onlyOn: target.id }) };
        return this.#relocation({ row, before: size, after: size, placing: there });
      },
    }));
  }

  #handle(scope: Scope, { id, resourceId }: { id: string; resourceId: string }): OperationHandle<Server> {
    return this.#calls.handle(id, resourceId, () => this.#calls.read(scope, resourceId));
  }

  /** The resize that the same key gave before, whichever way it went. */
  async #earlierResize(
    { id, project_id: projectId }: ServerRow,
    request: { readonly idempotencyKey?: string | undefined },
  ) {
    const { idempotencyKey } = request;
    const asked = { projectId, idempotencyKey, request: { ...request, server: id } };
    const { engine } = this.#calls.dependencies;
    return (
      (await engine.earlier({ ...asked, definition: resizeServer })) ??
      (await engine.earlier({ ...asked, definition: resizeToOtherHost }))
    );
  }

  /** On its own host: what it needs more there is claimed with the operation's row, so that nobody takes it meanwhile. */
  async #resizeHere(scope: ChangeScope, resize: Resize): Promise<{ id: string; resourceId: string }> {
    const { row, request, before, after } = resize;
    const { claimChanges, hosts, ids } = this.#calls.dependencies;
    const hostId = row.host_id ?? "";
    await this.#requireFitting(resize, hostId);
    const held = larger(before.claim, after.claim);
    const capabilities = await hosts.capabilities(hostId);
    return this.#calls.submit(scope, row, {
      action: "resize",
      definition: resizeServer,
      request,
      plan: () => ({
        projectId: row.project_id,
        hostId,
        live: row.state === "active" && capabilities["liveResize"] === true && growsOnly(before, after),
        power: row.state,
        keepId: ids.next("snp"),
        before,
        after,
      }),
      claims: claimChanges.change(row.id, hostId, before.claim, held),
    });
  }

  /**
   * The whole chain of filters is asked about its own host, for the difference: that there is room is not all, its cores
   * may be too slow for the new flavor, too few, or its aggregates not what the flavor requires.
   */
  async #requireFitting({ row, before, after, placing }: Resize, hostId: string): Promise<void> {
    const { fleet } = this.#calls.dependencies;
    const growth = Object.entries(after.claim.resources).map(([name, amount]) => {
      return [name, Math.max(0, amount - (before.claim.resources[name] ?? 0))];
    });
    await fleet.decide(
      placementOf(row.id, after, { ...placing, notOn: [], onlyOn: hostId }, Object.fromEntries(growth)),
    );
  }

  #resizeElsewhere(scope: ChangeScope, resize: Resize): Promise<{ id: string; resourceId: string }> {
    return this.#calls.submit(scope, resize.row, {
      action: "resize",
      definition: resizeToOtherHost,
      request: resize.request,
      plan: () => this.#relocation(resize),
    });
  }

  async #relocation({ row, before, after, placing }: Omit<Resize, "request">): Promise<object> {
    const { ids, sizes } = this.#calls.dependencies;
    return {
      projectId: row.project_id,
      sourceId: row.host_id,
      power: row.state,
      before,
      after,
      placing,
      nicIds: await sizes.nicIds(row.id),
      transfers: diskKeysOf(before.guest).map((disk) => ({ disk, imageId: ids.next("img") })),
    };
  }
}

const pendingOf = ({ project_id: projectId, resize }: ServerRow): object => ({
  projectId,
  pending: resize === null ? null : PendingResize.parse(JSON.parse(resize)),
});

/** A running guest can be given more vCPUs and memory, but none be taken away; and its disks stay as they are. */
const growsOnly = ({ guest: before }: ServerSize, { guest: after }: ServerSize): boolean =>
  before.systemDiskGib === after.systemDiskGib &&
  before.ephemeralDiskGib === after.ephemeralDiskGib &&
  before.vcpus <= after.vcpus &&
  before.memoryMib <= after.memoryMib;

function requireLarger(row: ServerRow, flavor: Flavor): void {
  const smaller = [
    ...(flavor.systemDiskGib < row.system_disk_gib ? ["system"] : []),
    ...(flavor.ephemeralDiskGib < row.ephemeral_disk_gib ? ["ephemeral"] : []),
  ];
  if (smaller.length === 0) return;
  const message = `its ${smaller.join(" and ")} disk would shrink`;
  const details = { issues: [{ path: "flavor", message }] };
  throw new CloudHostError(
    "INVALID_ARGUMENT",
    `The server ${row.name} cannot become ${flavor.name}: ${message}.`,
    details,
  );
}
