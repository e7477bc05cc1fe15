import { z } from "zod";
import { idOf } from "../ids.ts";
import { Label, Name } from "../names.ts";

/** What is said of hosts, or asked of them: `{ ssd: "true", generation: "v2" }`. */
export const HostProperties = z.record(Name, Label);
export type HostProperties = z.infer<typeof HostProperties>;

/** What an aggregate is made of. */
export const CreateAggregate = z.strictObject({
  name: Name,
  /** What its hosts have in common; flavors require it. @defaultValue nothing */
  properties: HostProperties.default({}),
});
export type CreateAggregate = z.input<typeof CreateAggregate>;

/** Hosts that have something in common. A host may be in several. */
export const Aggregate = z.strictObject({
  ...CreateAggregate.shape,
  id: idOf("agg"),
  /** Names of its hosts. */
  hosts: z.array(z.string()),
  createdAtMs: z.int(),
});
export type Aggregate = z.infer<typeof Aggregate>;
