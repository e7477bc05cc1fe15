import { CloudHostError } from "../errors.ts";
import type { OperationHandle } from "../operations/handle.ts";
import { bootedFrom } from "./boot-images.ts";
import { RebuildServer, RescueServer, ServerAction, StopServer } from "./model.ts";
import type { Server } from "./model.ts";
import { rebuildServer } from "./operations/rebuild-server.ts";
import { rescueServer, unrescueServer } from "./operations/rescue-server.ts";
import { restoreServer } from "./operations/soft-delete.ts";
import type { ServerCalls } from "./server-calls.ts";
import { ServerPower } from "./server-power.ts";
import type { ServerRow } from "./server-row.ts";

/** What a server boots from, and what of it comes back. */
export class ServerContents extends ServerPower {
  readonly #calls: ServerCalls;

  constructor(calls: ServerCalls) {
    super(calls);
    this.#calls = calls;
  }

  /**
   * Makes a server's system disk anew from an image, and its ephemeral disk empty; what was on them is gone. Its id,
   * addresses, flavor, host and data disks stay. One that ran runs again, one in `error` runs then. Until its disks are
   * touched, it is left as it was when something fails; from then on the operation only goes forward. One that was
   * adopted is a server like any other from then on.
   *
   * @throws CloudHostError `INVALID_ARGUMENT` for an image that does not fit it, `NOT_FOUND`, `CONFLICT`, also for its own
   * image while it has data disks
   * @example
   * await (await album.servers.rebuild("web-1", { image: "debian-13" })).result();
   */
  async rebuild(idOrName: string, input: RebuildServer): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: RebuildServer, input, what: "options of rebuild" };
    return this.#calls.act("servers.rebuild", asked, ({ image, graceMs }) => ({
      action: "rebuild",
      definition: rebuildServer,
      plan: (row) => this.#rebuildPlan(row, image, graceMs),
    }));
  }

  /**
   * Starts a server from another image, its own disks beside it, so that they can be put right. Its own disks are left as
   * they are; the rescue's is thrown away afterwards.
   * @throws CloudHostError `INVALID_ARGUMENT`, `NOT_FOUND`, `CONFLICT`. From `result()`: `UNSUPPORTED` where its host
   * cannot
   * @example
   * await (await album.servers.rescue("web-1", { image: "rescue-tools" })).result();
   */
  async rescue(idOrName: string, input: RescueServer = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: RescueServer, input, what: "options of rescue" };
    const { planner, sizes, options } = this.#calls.dependencies;
    return this.#calls.act("servers.rescue", asked, ({ image: wanted, graceMs }) => ({
      action: "rescue",
      definition: rescueServer,
      plan: async (row) => {
        const { guest } = await sizes.of(row);
        const image = await planner.imageFor(row, wanted ?? options.rescueImage ?? row.image_id, "memory");
        return {
          hostId: row.host_id,
          guest,
          rescue: bootedFrom(image),
          before: row.state,
          graceMs,
        };
      },
    }));
  }

  /**
   * Ends a rescue: the server is as it was before, running from its own disk or stopped.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`
   */
  async unrescue(idOrName: string, input: StopServer = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: StopServer, input, what: "options of unrescue" };
    const { planner, sizes } = this.#calls.dependencies;
    return this.#calls.act("servers.unrescue", asked, ({ graceMs }) => ({
      action: "unrescue",
      definition: unrescueServer,
      plan: async (row) => ({
        hostId: row.host_id,
        guest: (await sizes.of(row)).guest,
        rescue: bootedFrom(await planner.rescuedFrom(row)),
        before: row.state_before,
        graceMs,
      }),
    }));
  }

  /**
   * Takes a deletion back while that can be done: the server is what it was, started again if it ran. One that was
   * paused has lost its memory, and is stopped.
   * @throws CloudHostError `NOT_FOUND`, also when its time is over, `CONFLICT` for one that is not deleted
   */
  async restore(idOrName: string, input: ServerAction = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: ServerAction, input, what: "options of restore" };
    return this.#calls.act("servers.restore", asked, () => ({
      action: "restore",
      definition: restoreServer,
      plan: ({ host_id: hostId, deleted_from: from }) => ({ hostId, from }),
    }));
  }

  async #rebuildPlan(row: ServerRow, image: string, graceMs: number): Promise<object> {
    const { planner, sizes } = this.#calls.dependencies;
    const chosen = await planner.imageFor(row, image, "disk");
    const { guest } = await sizes.from(row, chosen);
    const old = row.image_id === "" ? null : (await sizes.of(row)).guest;
    if (old !== null && old.dataDisks.length > 0 && old.image.digest === chosen.image.digest) {
      // The same base makes no new disk of itself: the guest is removed first, and its data disks would go with it.
      const details = { state: "has data disks", allowed: ["another image", "no data disks"] };
      throw new CloudHostError(
        "CONFLICT",
        `The server ${row.name} has data disks: it can be rebuilt from another image only.`,
        details,
      );
    }
    return { projectId: row.project_id, hostId: row.host_id, guest, old, before: row.state, graceMs };
  }
}
