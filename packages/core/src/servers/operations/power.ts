import { z } from "zod";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";

/** A server whose power is changed. */
export const PowerPlan = z.strictObject({
  hostId: idOf("hst"),
  /** How long its OS may take before the power is cut, in milliseconds. */
  graceMs: z.int().min(0),
});

/** A server to start. */
export const StartPlan = PowerPlan.extend({
  /** What it is when it runs: one that stopped while it was rescued or resized still is. */
  state: z.enum(["active", "rescued", "resized"]).default("active"),
});

/** Starts a stopped server. When it does not start, it is stopped again. */
export const startServer = defineOperation("server.start", StartPlan)
  .act("start", {
    run: ({ host, serverId }) => host.compute.start(serverId),
    undo: ({ host, serverId }) => host.compute.stop(serverId, 0),
  })
  .record("active", { write: ({ input, servers, serverId }) => [servers.setState(serverId, input.state)] })
  .failed(({ servers, serverId }) => servers.release(serverId));

/** Stops a server. What it claims stays claimed. */
export const stopServer = defineOperation("server.stop", PowerPlan)
  .act("stop", { run: ({ host, input, serverId }) => host.compute.stop(serverId, input.graceMs) })
  .record("stopped", { write: ({ servers, serverId }) => [servers.setState(serverId, "stopped")] })
  .failed(({ servers, serverId }) => servers.release(serverId));

/** Restarts a server's OS, once, however often the step is repeated. */
export const rebootServer = defineOperation("server.reboot", PowerPlan)
  .act("reboot", { run: ({ host, input, serverId }) => host.compute.reboot(serverId, input.graceMs) })
  .record("active", { write: ({ servers, serverId }) => [servers.setState(serverId, "active")] })
  .failed(({ servers, serverId }) => servers.release(serverId));

/** Halts a running server's vCPUs. */
export const pauseServer = defineOperation("server.pause", PowerPlan)
  .act("pause", {
    run: ({ host, serverId }) => host.compute.pause(serverId),
    undo: async ({ host, serverId }) => {
      // One that has stopped meanwhile can be neither.
      const guest = await host.compute.get(serverId);
      if (guest?.power === "paused") await host.compute.unpause(serverId);
    },
  })
  .record("paused", { write: ({ servers, serverId }) => [servers.setState(serverId, "paused")] })
  .failed(({ servers, serverId }) => servers.release(serverId));

/** Lets a paused server go on. */
export const unpauseServer = defineOperation("server.unpause", PowerPlan)
  .act("unpause", {
    run: ({ host, serverId }) => host.compute.unpause(serverId),
    undo: async ({ host, serverId }) => {
      const guest = await host.compute.get(serverId);
      if (guest?.power === "running") await host.compute.pause(serverId);
    },
  })
  .record("active", { write: ({ servers, serverId }) => [servers.setState(serverId, "active")] })
  .failed(({ servers, serverId }) => servers.release(serverId));

/** Puts a running server's memory on its host's disk. When that fails, it runs on. */
export const suspendServer = defineOperation("server.suspend", PowerPlan)
  .act("suspend", {
    run: ({ host, serverId }) => host.compute.suspend(serverId),
    undo: ({ host, serverId }) => host.compute.start(serverId),
  })
  .record("suspended", { write: ({ servers, serverId }) => [servers.setState(serverId, "suspended")] })
  .failed(({ servers, serverId }) => servers.release(serverId));

/** Lets a suspended server go on where it was. When it does not, it is suspended still, or again. */
export const resumeServer = defineOperation("server.resume", PowerPlan)
  .act("resume", {
    run: ({ host, serverId }) => host.compute.start(serverId),
    undo: async ({ host, serverId }) => {
      const guest = await host.compute.get(serverId);
      if (guest?.power === "running") await host.compute.suspend(serverId);
    },
  })
  .record("active", { write: ({ servers, serverId }) => [servers.setState(serverId, "active")] })
  .failed(({ servers, serverId }) => servers.release(serverId));
