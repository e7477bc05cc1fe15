import type { OperationHandle } from "../operations/handle.ts";
import { diskKeysOf, imageIdsOf } from "./guest-spec.ts";
import { EvacuateServer, ServerAction, StopServer } from "./model.ts";
import type { Server } from "./model.ts";
import { shelveServer } from "./operations/shelve-server.ts";
import { unshelveServer } from "./operations/unshelve-server.ts";
import type { ServerCalls } from "./server-calls.ts";
import { ServerDevices } from "./server-devices.ts";
import type { ServerRow } from "./server-row.ts";

/** Servers that leave their hosts: one whose host is dead, one that needs none for a while. */
export class ServerPlaces extends ServerDevices {
  readonly #calls: ServerCalls;

  constructor(calls: ServerCalls) {
    super(calls);
    this.#calls = calls;
  }

  /**
   * Makes a server of a dead host anew on another, once the host is fenced. Its id, name, addresses, size, group and zone
   * stay. **Its disks do not**: they were the dead host's. The system disk is made from its image, or from a snapshot;
   * ephemeral and data disks are empty. What ran, was rescued or in error runs then; what was paused or suspended has lost
   * its memory, and is stopped.
   *
   * @throws CloudHostError `NOT_FOUND`, also for the host or the image; `CONFLICT`, also while its host is not fenced;
   * `INVALID_ARGUMENT` for an image that does not fit it. From `result()`: `NO_VALID_HOST`, `NOT_FOUND` for an image that
   * was deleted since: name another
   * @example
   * await (await ops.servers.evacuate("srv_…", { latestSnapshot: true })).result();
   */
  async evacuate(idOrName: string, input: EvacuateServer = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: EvacuateServer, input, what: "options of evacuate" };
    return this.#calls.change("servers.evacuate", asked, async (scope, request, row) => {
      const { id, resourceId } = await this.#calls.dependencies.evacuations.begin(scope, row, request);
      return this.#calls.handle(id, resourceId, () => this.#calls.read(scope, resourceId));
    });
  }

  /**
   * Takes it off its host: it is stopped as by {@link stop}, what it has written on its disks goes into the image store,
   * and its place is given back. Its id, name, tags, addresses, group and data disks stay its own. It still counts as a
   * server of its project's quota, and as nothing else. {@link unshelve} brings it back, where there is room then.
   *
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`, `UNSUPPORTED` for a server that was taken over. From `result()`:
   * `CONFLICT` where the image that it was made of is deleted, `UNSUPPORTED` where its host cannot give its disks away
   * @example
   * await (await album.servers.shelve("web-1")).result(); // state: "shelved"
   * await (await album.servers.unshelve("web-1")).result();
   */
  async shelve(idOrName: string, input: StopServer = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: StopServer, input, what: "options of shelve" };
    return this.#calls.act("servers.shelve", asked, ({ graceMs }) => ({
      action: "shelve",
      definition: shelveServer,
      plan: (row) => this.#shelvePlan(row, graceMs),
    }));
  }

  /**
   * Gives a shelved server a host again, in the zone that it was created for and as its group asks: with its disks and
   * addresses as they were, and running if it ran. Where there is no room or quota, it stays shelved.
   *
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`. From `result()`: `NO_VALID_HOST`, `QUOTA_EXCEEDED`, `UNSUPPORTED`
   * @example
   * const server = await (await album.servers.unshelve("web-1")).result();
   */
  async unshelve(idOrName: string, input: ServerAction = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: ServerAction, input, what: "options of unshelve" };
    return this.#calls.act("servers.unshelve", asked, () => ({
      action: "unshelve",
      definition: unshelveServer,
      plan: (row) => this.#unshelvePlan(row),
    }));
  }

  async #shelvePlan(row: ServerRow, graceMs: number): Promise<object> {
    const { ids, sizes } = this.#calls.dependencies;
    const { guest } = await sizes.of(row);
    return {
      projectId: row.project_id,
      hostId: row.host_id,
      power: row.state,
      graceMs,
      layers: diskKeysOf(guest).map((disk) => ({ disk, imageId: ids.next("img") })),
      imageIds: imageIdsOf(guest),
    };
  }

  async #unshelvePlan(row: ServerRow): Promise<object> {
    const { flavors, sizes } = this.#calls.dependencies;
    const [size, flavor] = await Promise.all([sizes.of(row), flavors.named(row.flavor)]);
    return {
      projectId: row.project_id,
      size,
      placing: await sizes.placing(row, flavor?.requires ?? {}),
      power: row.state_before,
      nicIds: await sizes.nicIds(row.id),
    };
  }
}
