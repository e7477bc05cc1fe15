import { defineFilter } from "@cloudhost/core/ports";

/** Keeps the hosts with enough free memory. What a server needs includes its hypervisor's overhead. */
export const ramFilter = defineFilter({
  name: "RamFilter",
  reads: { request: ["resources.memoryMib"], host: ["free.memoryMib"] },
  check: (request, host) =>
    host.free.memoryMib >= request.resources.memoryMib || {
      need: request.resources.memoryMib,
      have: host.free.memoryMib,
      unit: "MiB",
    },
});
