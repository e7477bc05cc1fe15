import { z } from "zod";
import { idOf } from "../ids.ts";
import { byName, oneOrMore } from "../lists/filters.ts";
import { pageBy } from "../lists/page-by.ts";
import { Label, Name, NameOrId } from "../names.ts";
import { ObstacleReason, StrangerGuest } from "../ports/guest-adopter.ts";
import { HostInventory } from "../ports/host.ts";

/** `up`: its heartbeats arrive. `suspect`: some are missing. `down`: it did not open, or is long silent. */
export const HostState = z.enum(["up", "suspect", "down"]);
export type HostState = z.infer<typeof HostState>;

/**
 * `fencing`: it is being cut off. `fenced`: it certainly runs nothing and writes nothing, and its servers can be
 * evacuated. `returning`: it may come back, and what was evacuated from it is being removed there.
 */
export const FenceState = z.enum(["fencing", "fenced", "returning"]);
export type FenceState = z.infer<typeof FenceState>;

/** That a host is cut off from the cloud, since when and by whom. */
export const HostFencing = z.strictObject({
  state: FenceState,
  /** When it was known to be off; `null` until then. */
  sinceMs: z.int().nullable(),
  /** What cut it off, or how somebody confirmed that it is off; `null` until then. */
  by: z.string().nullable(),
  /** The operation that has it now, if any. */
  operationId: idOf("op").nullable(),
});
export type HostFencing = z.infer<typeof HostFencing>;

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
  /** `null` unless it is cut off. */
  fencing: HostFencing.nullable(),
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

/**
 * A guest on a host that no server is known for. One that came there by other ways than ours can be adopted where there
 * are no obstacles.
 */
export const UnknownGuest = z.strictObject({
  /** By which its hypervisor knows it, and by which it is adopted; the server's id of one that was ours. */
  id: z.string(),
  /** The host's name. */
  host: z.string(),
  name: z.string(),
  power: StrangerGuest.shape.power,
  /** What its hypervisor says of it; `null` of one that was ours. */
  definition: StrangerGuest.omit({ key: true, name: true, power: true, obstacles: true }).nullable(),
  /**
   * Why it cannot be adopted. `no-server`: it is ours by its id, but its server is gone or elsewhere. The others are the
   * host's own reasons.
   */
  obstacles: z.array(z.strictObject({ reason: z.enum([...ObstacleReason.options, "no-server"]), detail: z.string() })),
  firstSeenAtMs: z.int(),
});
export type UnknownGuest = z.infer<typeof UnknownGuest>;

/** Which guests to list that no server is known for, in which order. */
export const ListUnknownGuests = pageBy(["firstSeenAt"]).extend({
  /** Name or id of the host. @defaultValue every host */
  host: NameOrId.optional(),
});
export type ListUnknownGuests = z.input<typeof ListUnknownGuests>;

/** How a host is fenced. */
export const FenceHost = z.strictObject({
  /**
   * How it is known to be off, where no device is asked: "power cable pulled, rack 4". Whoever says so vouches for it: a
   * host that runs on would run its servers twice.
   */
  confirmedBy: z.string().min(1).max(1000).optional(),
  /** Also while its heartbeats arrive. @defaultValue false */
  evenIfUp: z.boolean().default(false),
  idempotencyKey: Label.optional(),
});
export type FenceHost = z.input<typeof FenceHost>;

/** How a host is let back. */
export const UnfenceHost = z.strictObject({ idempotencyKey: Label.optional() });
export type UnfenceHost = z.input<typeof UnfenceHost>;

/** Which hosts to list, in which order: what is said must all hold. */
export const ListHosts = pageBy(["createdAt", "name", "zone"]).extend({
  ...byName,
  zone: Name.optional(),
  state: oneOrMore(HostState).optional(),
  /** Whether it takes new servers. */
  enabled: z.boolean().optional(),
});
export type ListHosts = z.input<typeof ListHosts>;
