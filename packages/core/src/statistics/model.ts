import { z } from "zod";
import { Capacity } from "../hosts/model.ts";
import { Name } from "../names.ts";

/** The operations view: what there is, what is claimed, what is left, in base units. */
export const Statistics = z.strictObject({
  atMs: z.int(),
  /** Used only: a server or a vCPU is no capacity, EUCU is. */
  servers: z.int(),
  vcpus: z.int(),
  /** By resource name. */
  resources: z.record(z.string(), Capacity),
});
export type Statistics = z.infer<typeof Statistics>;

/** Of which part of the cloud. */
export const StatisticsOf = z.strictObject({ zone: Name.optional(), host: Name.optional() });
export type StatisticsOf = z.input<typeof StatisticsOf>;
