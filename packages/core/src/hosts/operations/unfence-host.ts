import { z } from "zod";
import { defineOperation } from "../../operations/definition.ts";
import { FencedHost } from "../../ports/host-fence.ts";
import { noFence } from "./fence-host.ts";

/** A host to let back. */
export const UnfenceHostPlan = z.strictObject({
  host: FencedHost,
  /** Whether the cloud's own fence cut it off. Else whoever confirmed that it is off turns it on. */
  byFence: z.boolean(),
});
export type UnfenceHostPlan = z.infer<typeof UnfenceHostPlan>;

/**
 * Lets a host back, once what was evacuated from it is gone there: guests with their disks, what they hold of the image
 * cache, their taps. Until then it takes no server. While the host does not come up, the operation waits for it.
 */
export const unfenceHost = defineOperation("host.unfence", UnfenceHostPlan)
  .pointOfNoReturn()
  .act("let it come back", {
    on: () => null,
    run: async ({ fence, input: { byFence, host }, transfer }) => {
      if (!byFence) return;
      if (fence === undefined) throw noFence();
      await fence.unfence(host, transfer.signal);
    },
  })
  .record("returning", { write: ({ fences, hostId }) => [fences.returning(hostId)] })
  .act("remove what was evacuated", {
    run: async ({ evacuatedFrom, hostFor, hostId }) => {
      for (const serverId of await evacuatedFrom(hostId)) {
        // As that guest's own commands: whatever was sent to it before the host was cut off is refused from now on.
        const host = hostFor(serverId);
        await host.compute.remove(serverId);
        await host.images.release(serverId);
      }
    },
  })
  .act("network", {
    mark: ({ hostId, networks }) => networks.revisionOf(hostId),
    run: ({ host, revision }) => host.network.converge(revision),
  })
  .record("returned", { write: ({ fences, hostId }) => [fences.returned(hostId)] })
  .failed(({ fences, hostId }) => fences.notReturned(hostId));
