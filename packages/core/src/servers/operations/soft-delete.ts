import { z } from "zod";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";
import { ServerState } from "../model.ts";
import { reach } from "./reach.ts";

/** A server to delete for the time being. */
export const SoftDeletePlan = z.strictObject({
  /** `null` for one that is shelved. */
  hostId: idOf("hst").nullable(),
  /** Whether it has power that is taken; one whose memory is on its host's disk keeps that. */
  running: z.boolean(),
  /** What it is again when it is restored. */
  from: ServerState,
  /** How long its OS may take before the power is cut, in milliseconds. */
  graceMs: z.int().min(0),
  /** How long it can be restored, in milliseconds. */
  restoreMs: z.int().min(1),
});

/**
 * Stops a server that can be restored for a while. What it claims, its addresses and its disks stay its own. When that
 * fails, what ran runs again. On a fenced host nothing runs, and it is not waited for.
 */
export const softDeleteServer = defineOperation("server.softDelete", SoftDeletePlan)
  .record("host", { write: ({ fences, input }) => reach(fences, input.hostId) })
  .act("stop", {
    on: ({ reachedId }) => reachedId,
    run: async ({ host, input, reachedId, serverId }) => {
      if (input.running && reachedId !== null) await host.compute.stop(serverId, input.graceMs);
    },
    // What was paused has lost its memory, and is stopped then.
    undo: async ({ host, input, reachedId, serverId }) => {
      if (runs(input.from) && reachedId !== null) await host.compute.start(serverId);
    },
  })
  .record("deleted", {
    write: ({ input, servers, serverId, nowMs }) => [
      servers.softDeleted(serverId, input.from, nowMs + input.restoreMs),
    ],
  })
  .failed(({ servers, serverId }) => servers.release(serverId));

/** A deleted server that is taken back. */
export const RestorePlan = z.strictObject({
  /** `null` for one that is shelved. */
  hostId: idOf("hst").nullable(),
  /** What it was. */
  from: ServerState,
});

/** Makes a deleted server what it was. When it does not start, it stays deleted, and can be restored until its time. */
export const restoreServer = defineOperation("server.restore", RestorePlan)
  .act("start", {
    run: async ({ host, input, serverId }) => {
      if (runs(input.from)) await host.compute.start(serverId);
    },
    undo: async ({ host, input, serverId }) => {
      if (runs(input.from)) await host.compute.stop(serverId, 0);
    },
  })
  .record("as before", { write: ({ input, servers, serverId }) => [servers.setState(serverId, input.from)] })
  .failed(({ servers, serverId }) => servers.release(serverId));

const runs = (state: ServerState): boolean => state === "active" || state === "rescued";
