import { z } from "zod";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";

/** A server whose power is changed. */
export const PowerPlan = z.strictObject({
  hostId: idOf("hst"),
  /** How long its OS may take before the power is cut, in milliseconds. */
  graceMs: z.int().min(0),
});

/** Starts a stopped server. When it does not start, it is stopped again. */
export const startServer = defineOperation("server.start", PowerPlan)
  .act("start", {
    run: ({ host, serverId }) => host.compute.start(serverId),
    undo: ({ host, serverId }) => host.compute.stop(serverId, 0),
  })
  .record("active", { write: ({ servers, serverId }) => [servers.setState(serverId, "active")] })
  .failed(({ servers, serverId }) => servers.release(serverId));

/** Stops a running server. What it claims stays claimed. */
export const stopServer = defineOperation("server.stop", PowerPlan)
  .act("stop", { run: ({ host, input, serverId }) => host.compute.stop(serverId, input.graceMs) })
  .record("stopped", { write: ({ servers, serverId }) => [servers.setState(serverId, "stopped")] })
  .failed(({ servers, serverId }) => servers.release(serverId));

/** Restarts a running server's OS, once, however often the step is repeated. */
export const rebootServer = defineOperation("server.reboot", PowerPlan)
  .act("reboot", { run: ({ host, input, serverId }) => host.compute.reboot(serverId, input.graceMs) })
  .record("active", { write: ({ servers, serverId }) => [servers.setState(serverId, "active")] })
  .failed(({ servers, serverId }) => servers.release(serverId));
