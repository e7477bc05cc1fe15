import { defineFilter } from "@cloudhost/core";
import type { DeclaredResourcesOption } from "@cloudhost/core";

declare module "@cloudhost/core/ports" {
  interface ResourceAmounts {
    /** Whole devices, handed to one server each. */
    gpu: number;
  }
}

/** What this platform counts besides compute, memory, disk and bandwidth. No filter is needed so that it is never oversold. */
export const resources = { gpu: { unit: "device" } } satisfies DeclaredResourcesOption;

/** Keeps hosts that have GPUs for the servers that need one. */
export const gpuFilter = defineFilter({
  name: "GpuHostsFilter",
  reads: { request: ["resources.gpu"], host: ["total.gpu"] },
  check: (request, host) =>
    request.resources.gpu > 0 || host.total.gpu === 0 || { need: "a host without GPUs", have: "one with GPUs" },
});
