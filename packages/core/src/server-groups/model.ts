import { z } from "zod";
import { idOf } from "../ids.ts";
import { byName, oneOrMore } from "../lists/filters.ts";
import { pageBy } from "../lists/page-by.ts";
import { Name, NameOrId } from "../names.ts";

/**
 * Where a group's servers go. `affinity`: all on one host. `anti-affinity`: each on a host of its own. Both are kept by
 * the claim itself, and a server that cannot be placed so is refused. The soft ones are preferred and never refuse.
 */
export const ServerGroupPolicy = z.enum(["affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"]);
export type ServerGroupPolicy = z.infer<typeof ServerGroupPolicy>;

/** What a server group is made of. */
export const CreateServerGroup = z.strictObject({
  /** Unique in the project. */
  name: Name,
  policy: ServerGroupPolicy,
});
export type CreateServerGroup = z.input<typeof CreateServerGroup>;

/** Servers of one project that are placed with each other in mind. */
export const ServerGroup = z.strictObject({
  ...CreateServerGroup.shape,
  id: idOf("grp"),
  projectId: idOf("prj"),
  /** Ids of its servers that are not deleted, wherever they are. */
  serverIds: z.array(idOf("srv")),
  createdAtMs: z.int(),
});
export type ServerGroup = z.infer<typeof ServerGroup>;

/** Which server groups to list, in which order: what is said must all hold. */
export const ListServerGroups = pageBy(["createdAt", "name"]).extend({
  ...byName,
  policy: oneOrMore(ServerGroupPolicy).optional(),
  /** Of which the server is a member: its id. */
  server: NameOrId.optional(),
});
export type ListServerGroups = z.input<typeof ListServerGroups>;
