import { z } from "zod";
import { idOf } from "../ids.ts";
import { byName, oneOrMore } from "../lists/filters.ts";
import { pageBy } from "../lists/page-by.ts";
import { Name } from "../names.ts";
import { HostInventory } from "../ports/host.ts";

/** `up`: its heartbeats arrive. `suspect`: some are missing. `down`: it did not open, or is long silent. */
export const HostState = z.enum(["up", "suspect", "down"]);
export type HostState = z.infer<typeof HostState>;

/** Total, used and available of one resource, in its base unit: the last is always the difference of the others. */
export const Capacity = z.strictObject({ total: z.int(), used: z.int(), available: z.int() });
export type Capacity = z.infer<typeof Capacity>;

/** A host of the cloud. */
export const Host = z.strictObject({
  id: idOf("hst"),
  name: z.string(),
  zone: z.string(),
  state: HostState,
  /** Why it is not up. */
  stateReason: z.string().nullable(),
  /** Whether it takes new servers. */
  enabled: z.boolean(),
  /** As its agent last reported it; `null` until it first did. */
  inventory: HostInventory.nullable(),
  /** By resource name, after the reserve. */
  resources: z.record(z.string(), Capacity),
  lastSeenAtMs: z.int().nullable(),
});
export type Host = z.infer<typeof Host>;

/** A counter that differs from the claims it counts. */
export const UsageDrift = z.strictObject({
  /** Whose counter it is. */
  of: z.enum(["host", "project", "group"]),
  /** The host's, the project's or the server group's. */
  id: z.string(),
  name: z.string(),
  /** Which: a resource of the host, a quota of the project, `placed` of an affinity group. */
  what: z.string(),
  /** What the counter says, in its base unit. */
  recorded: z.int(),
  /** What the claims add up to. */
  actual: z.int(),
});
export type UsageDrift = z.infer<typeof UsageDrift>;

/** Which hosts to list, in which order: what is said must all hold. */
export const ListHosts = pageBy(["createdAt", "name", "zone"]).extend({
  ...byName,
  zone: Name.optional(),
  state: oneOrMore(HostState).optional(),
  /** Whether it takes new servers. */
  enabled: z.boolean().optional(),
});
export type ListHosts = z.input<typeof ListHosts>;
