import { defineFilter, type Filter } from "@cloudhost/core/ports";
import { z } from "zod";

/** Parameters of AvailabilityZoneFilter. */
export const AvailabilityZoneParameters = z.strictObject({
  /** Where servers go that name no zone. Without it they go to any. */
  defaultZone: z.string().min(1).optional(),
});

/** Keeps the hosts of the zone that the server asks for. */
export const availabilityZoneFilter = ({ defaultZone }: z.output<typeof AvailabilityZoneParameters>): Filter =>
  defineFilter({
    name: "AvailabilityZoneFilter",
    reads: { request: ["zone"], host: ["zone"] },
    check: (request, host) => {
      const zone = request.zone ?? defaultZone;
      return zone === undefined || host.zone === zone || { need: zone, have: host.zone };
    },
  });
