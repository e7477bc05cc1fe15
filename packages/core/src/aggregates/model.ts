import { z } from "zod";
import { idOf } from "../ids.ts";
import { byName } from "../lists/filters.ts";
import { pageBy } from "../lists/page-by.ts";
import { Label, Name, NameOrId } from "../names.ts";

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

/** Which aggregates to list, in which order: what is said must all hold. */
export const ListAggregates = pageBy(["createdAt", "name"]).extend({
  ...byName,
  /** Those that this host is in: its name or id. */
  host: NameOrId.optional(),
});
export type ListAggregates = z.input<typeof ListAggregates>;
