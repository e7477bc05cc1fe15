import { z } from "zod";
import { CloudHostError, computeDriverModule, noExtensions } from "../../../src/ports/index.ts";
import type { ComputeDriver, DiskSource, DriverContext, GuestState } from "../../../src/ports/index.ts";
import { stubHost } from "./stub-host.ts";

/** A compute driver that does as its {@link stubHost} is told. */
export default computeDriverModule({
  options: z.strictObject({ key: z.string() }),
  async open({ key }, context) {
    await stubHost(key).call("open", "compute", context.signal, context.stateDir);
    return stubCompute(key, context);
  },
});

function stubCompute(key: string, { signal: closed }: DriverContext): ComputeDriver {
  const host = stubHost(key);
  const set = (id: string, power: GuestState["power"]): unknown => host.guests.set(id, { id, power, ready: "unknown" });
  return {
    capabilities: { ...noExtensions, cpuQuota: true, guestReady: true, directBoot: false },
    async inventory(signal) {
      await host.call("inventory", "compute", signal);
      return {
        cpuModel: "Intel(R) Xeon(R) CPU E5-2650 0 @ 2.00GHz",
        architecture: "x86_64",
        hypervisor: "fake",
        guestCores: 15,
        milliEcuPerCore: 4000,
        milliEcuEstimated: false,
        memoryMib: 64_600,
        diskGib: 687,
        resources: {},
      };
    },
    async define(spec, signal) {
      await host.call("define", spec.id, signal, spec);
      set(spec.id, "stopped");
    },
    async start(id, signal) {
      await host.call("start", id, signal);
      set(id, "running");
    },
    async stop(id, graceMs, signal) {
      await host.call("stop", id, signal, graceMs);
      set(id, "stopped");
    },
    async reboot(id, commandId, graceMs, signal) {
      await host.call("reboot", id, signal, commandId, graceMs);
      if (!host.guests.has(id)) throw new CloudHostError("GUEST_NOT_FOUND", "No such guest.", { guestId: id });
    },
    freezeDisk: async (id, snapshotId, signal) =>
      ((await host.call("freezeDisk", id, signal, snapshotId)) as DiskSource | undefined) ?? {
        path: `/frozen/${snapshotId}`,
        format: "raw",
        chain: [`/frozen/${snapshotId}`],
      },
    async releaseDisk(id, snapshotId) {
      await host.call("releaseDisk", id, undefined, snapshotId);
    },
    async remove(id, signal) {
      await host.call("remove", id, signal);
      host.guests.delete(id);
    },
    async get(id, signal) {
      await host.call("get", id, signal);
      return host.guests.get(id);
    },
    async *list(signal) {
      await host.call("list", "", signal);
      yield* host.guests.values();
    },
    async *events(signal) {
      const waiting: GuestState[] = [];
      let wake = (): void => {};
      let broken = false;
      host.breakEvents = () => {
        broken = true;
        wake();
      };
      host.emit = (guest) => {
        waiting.push(guest);
        wake();
      };
      signal.addEventListener("abort", () => wake(), { once: true });
      while (!signal.aborted) {
        if (broken) throw new Error("the connection is lost");
        yield* waiting.splice(0);
        if (waiting.length === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async recover(signal) {
      await host.call("recover", "compute", signal);
    },
    async [Symbol.asyncDispose]() {
      await host.call("dispose", closed.aborted ? "compute closed" : "compute");
    },
  };
}
