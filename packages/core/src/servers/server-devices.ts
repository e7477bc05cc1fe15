import { notFound } from "../access/caller.ts";
import { CloudHostError } from "../errors.ts";
import type { ServerAddress } from "../networks/model.ts";
import type { OperationHandle } from "../operations/handle.ts";
import { CreateDisk, DeleteDisk, mostDataDisks } from "./data-disk.ts";
import type { DataDisk } from "./data-disk.ts";
import { DetachInterface, mostInterfaces, ServerAction } from "./model.ts";
import type { Server } from "./model.ts";
import { createDisk, deleteDisk } from "./operations/data-disks.ts";
import type { DataDiskPlan } from "./operations/data-disks.ts";
import { attachInterface, detachInterface } from "./operations/interfaces.ts";
import type { InterfacePlan } from "./operations/interfaces.ts";
import type { ServerCalls } from "./server-calls.ts";
import { ServerMoves } from "./server-moves.ts";
import type { ServerRow } from "./server-row.ts";
import { withDataDisks } from "./sizes.ts";

/** A server's further disks and network interfaces. */
export class ServerDevices extends ServerMoves {
  readonly #calls: ServerCalls;

  constructor(calls: ServerCalls) {
    super(calls);
    this.#calls = calls;
  }

  /**
   * Gives a server one more disk, empty, on the host that it is on: at once where it runs, for its next start where it is
   * stopped. It counts as instance storage, and is there until it or the server is deleted. A guest finds it by its
   * serial number, which is the last 20 characters of its id.
   *
   * @throws CloudHostError `INVALID_ARGUMENT`, `NOT_FOUND`, `CONFLICT`, also for a name that another of its disks has,
   * `QUOTA_EXCEEDED`, `EXHAUSTED` where the host has no room or the server 16 of them, `UNSUPPORTED` for a server that
   * was taken over. From `result()`: `UNSUPPORTED` where its host cannot do it while it runs
   * @example
   * const server = await (await album.servers.createDisk("web-1", { sizeGib: 100, name: "data" })).result();
   * server.dataDisks.at(-1)?.id;
   */
  async createDisk(idOrName: string, input: CreateDisk): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: CreateDisk, input, what: "a data disk" };
    return this.#calls.change("servers.createDisk", asked, async (scope, request, row) => {
      const { claimChanges, ids, clock } = this.#calls.dependencies;
      const { sizeGib, name = null } = request;
      const disks = await this.#dataDisks(row);
      const disk = { id: ids.next("dsk"), name, sizeGib, createdAtMs: clock.nowMs() };
      const plan = await this.#diskPlan(row, disk, [...disks, disk]);
      const begun = await this.#calls.submit(scope, row, {
        action: "createDisk",
        definition: createDisk,
        request,
        plan: () => {
          requireNew(row, disks, name);
          return plan;
        },
        claims: claimChanges.change(row.id, plan.hostId, plan.before.claim, plan.after.claim),
      });
      return this.#calls.handle(begun.id, begun.resourceId, () => this.#calls.read(scope, begun.resourceId));
    });
  }

  /**
   * Takes a disk out of a server, and deletes it with all that is on it. A running server's OS has to let it go: while it
   * does not, the operation fails and the disk stays, as it was.
   *
   * @param disk its id or its name
   * @throws CloudHostError `NOT_FOUND`, also for the disk, `CONFLICT`. From `result()`: `DEADLINE_EXCEEDED` where the
   * guest's OS does not let it go, `UNSUPPORTED` where its host cannot do it while it runs
   * @example
   * await (await album.servers.deleteDisk("web-1", "data")).result();
   */
  async deleteDisk(idOrName: string, disk: string, input: ServerAction = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: DeleteDisk, input: { ...input, disk }, what: "a data disk to delete" };
    return this.#calls.act("servers.deleteDisk", asked, (request) => ({
      action: "deleteDisk",
      definition: deleteDisk,
      plan: async (row) => {
        const disks = await this.#dataDisks(row);
        const gone = disks.find(({ id }) => id === request.disk) ?? disks.find(({ name }) => name === request.disk);
        if (gone === undefined) throw notFound("data disk", request.disk);
        const left = disks.filter(({ id }) => id !== gone.id);
        return this.#diskPlan(row, gone, left);
      },
    }));
  }

  /**
   * Gives a server one more network interface, with a fixed address of its own: at once where it runs, for its next start
   * where it is stopped. All interfaces of a server together have the bandwidth that it bought, an equal part each.
   *
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`, `EXHAUSTED` for a server that has 8 of them, `UNSUPPORTED` for one that
   * was taken over. From `result()`: `EXHAUSTED` where there is no address, `UNSUPPORTED` where its host cannot do it while
   * it runs
   * @example
   * const server = await (await album.servers.attachInterface("web-1")).result();
   * server.addresses.at(-1)?.address;
   */
  async attachInterface(idOrName: string, input: ServerAction = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: ServerAction, input, what: "options of attachInterface" };
    return this.#calls.act("servers.attachInterface", asked, () => ({
      action: "attachInterface",
      definition: attachInterface,
      plan: async (row) => {
        const has = await this.#addresses(row);
        if (has.length >= mostInterfaces) {
          const message = `The server ${row.name} has ${mostInterfaces} interfaces already.`;
          throw new CloudHostError("EXHAUSTED", message, { resource: "interfaces of a server" });
        }
        return this.#interfacePlan(row, this.#calls.dependencies.ids.next("nic"));
      },
    }));
  }

  /**
   * Takes a network interface away from a server; its address is free once the host has confirmed that it is gone. The
   * first one stays as long as the server. A running server's OS has to let it go: while it does not, the operation fails
   * and the interface stays.
   *
   * @param nic its address, or its id
   * @throws CloudHostError `NOT_FOUND`, also for the interface, `CONFLICT`, also for the first one. From `result()`:
   * `DEADLINE_EXCEEDED` where the guest's OS does not let it go, `UNSUPPORTED` where its host cannot do it while it runs
   * @example
   * await (await album.servers.detachInterface("web-1", "10.0.0.7")).result();
   */
  async detachInterface(idOrName: string, nic: string, input: ServerAction = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: DetachInterface, input: { ...input, nic }, what: "an interface to detach" };
    return this.#calls.act("servers.detachInterface", asked, (request) => ({
      action: "detachInterface",
      definition: detachInterface,
      plan: async (row) => {
        const has = await this.#addresses(row);
        const at = has.findIndex(({ nicId, address }) => nicId === request.nic || address === request.nic);
        const found = has[at];
        if (found === undefined) throw notFound("interface", request.nic);
        if (at === 0) throw firstStays(row);
        return this.#interfacePlan(row, found.nicId);
      },
    }));
  }

  async #addresses({ id }: ServerRow): Promise<readonly ServerAddress[]> {
    return (await this.#calls.dependencies.servers.addresses([id])).get(id) ?? [];
  }

  async #interfacePlan(row: ServerRow, nicId: string): Promise<InterfacePlan> {
    const { network, sizes } = this.#calls.dependencies;
    return {
      projectId: row.project_id,
      hostId: row.host_id ?? "",
      power: powerOf(row),
      guest: (await sizes.of(row)).guest,
      networkId: network.id,
      nicId,
    };
  }

  async #dataDisks({ id }: ServerRow): Promise<readonly DataDisk[]> {
    return (await this.#calls.dependencies.dataDisks.of([id])).get(id) ?? [];
  }

  /** @param left the data disks that it has afterwards */
  async #diskPlan(row: ServerRow, disk: DataDisk, left: readonly DataDisk[]): Promise<DataDiskPlan> {
    const before = await this.#calls.dependencies.sizes.of(row);
    const after = withDataDisks(before, left);
    return {
      hostId: row.host_id ?? "",
      power: powerOf(row),
      disk,
      before: { guest: before.guest, claim: before.claim },
      after: { guest: after.guest, claim: after.claim },
    };
  }
}

const powerOf = ({ state }: ServerRow): InterfacePlan["power"] => (state === "stopped" ? "stopped" : "active");

function firstStays({ name }: ServerRow): CloudHostError {
  const details = { state: "its first interface", allowed: ["another interface"] };
  return new CloudHostError("CONFLICT", `The first interface of ${name} stays as long as the server.`, details);
}

/** @throws CloudHostError `EXHAUSTED`, `CONFLICT` */
function requireNew(row: ServerRow, disks: readonly DataDisk[], name: string | null): void {
  if (disks.length >= mostDataDisks) {
    const details = { resource: "data disks of a server" };
    throw new CloudHostError("EXHAUSTED", `The server ${row.name} has ${mostDataDisks} data disks already.`, details);
  }
  if (name === null || !disks.some((disk) => disk.name === name)) return;
  const details = { state: "exists", allowed: ["another name"] };
  throw new CloudHostError("CONFLICT", `The server ${row.name} has a data disk ${name} already.`, details);
}
