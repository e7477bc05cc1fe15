import { defineFilter } from "@cloudhost/core/ports";

/** Keeps the hosts with enough free instance storage for the server's disks at their full size. */
export const diskFilter = defineFilter({
  name: "DiskFilter",
  reads: { request: ["resources.diskGib"], host: ["free.diskGib"] },
  check: (request, host) =>
    host.free.diskGib >= request.resources.diskGib || {
      need: request.resources.diskGib,
      have: host.free.diskGib,
      unit: "GiB",
    },
});
