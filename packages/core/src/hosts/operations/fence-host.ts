import { z } from "zod";
import { CloudHostError } from "../../errors.ts";
import { defineOperation } from "../../operations/definition.ts";
import { FencedHost } from "../../ports/host-fence.ts";
import { FenceState } from "../model.ts";

/** A host to cut off. */
export const FenceHostPlan = z.strictObject({
  host: FencedHost,
  /** How somebody has made sure that it is off; `null`: the cloud's own fence does. */
  confirmedBy: z.string().nullable(),
  before: FenceState.nullable(),
});
export type FenceHostPlan = z.infer<typeof FenceHostPlan>;

/**
 * Cuts a host off. There is no way back in it: whether a device that failed has cut the power or not, nobody knows. The
 * host then stays disabled until somebody has looked at it.
 */
export const fenceHost = defineOperation("host.fence", FenceHostPlan)
  .act("cut off", {
    on: () => null,
    run: async ({ fence, input: { confirmedBy, host }, transfer }) => {
      if (confirmedBy !== null) return { by: confirmedBy };
      if (fence === undefined) throw noFence();
      await fence.fence(host, transfer.signal);
      return { by: fence.name };
    },
  })
  .record("fenced", { write: ({ by, fences, hostId, nowMs }) => [fences.fenced(hostId, by, nowMs)] })
  .failed(({ fences, hostId, input }) => fences.notFenced(hostId, input.before));

/** Nothing is there that could cut a host off. */
export const noFence = (): CloudHostError =>
  new CloudHostError(
    "UNSUPPORTED",
    "This cloud has nothing to cut hosts off with: make sure that the host is off, and confirm it.",
    { feature: "cutting a host off", by: "the cloud's options" },
  );
