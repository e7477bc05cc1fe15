import { z } from "zod";
import { Capacity } from "../hosts/model.ts";

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
export const StatisticsOf = z.strictObject({ zone: z.string().optional(), host: z.string().optional() });
export type StatisticsOf = z.input<typeof StatisticsOf>;
