import type { OperationHandle } from "../operations/handle.ts";
import { EvacuateServer } from "./model.ts";
import type { Server } from "./model.ts";
import type { ServerCalls } from "./server-calls.ts";
import { ServerDevices } from "./server-devices.ts";

/** Where a server is when its host is not there for it. */
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
}
