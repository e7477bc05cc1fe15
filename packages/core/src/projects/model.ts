import { z } from "zod";
import { idOf } from "../ids.ts";
import { Label, Name, NameOrId } from "../names.ts";

/**
 * What somebody may do. `member` uses the project's resources; `projectAdmin` also governs it; `operator` runs the cloud
 * and acts in any project; `auditor` reads everything and changes nothing; `system` is the product itself.
 */
export const Role = z.enum(["member", "projectAdmin", "operator", "auditor", "system"]);
export type Role = z.infer<typeof Role>;

/**
 * Who acts. The host product has authenticated them and says what they are; cloudhost only authorises.
 * @example { userId: "amy", projectId: "album", roles: ["member"] }
 */
export const Actor = z.strictObject({
  userId: Label,
  /** The project in which they act: its id or its name. Needed for whatever belongs to a project. */
  projectId: NameOrId.max(63).optional(),
  roles: z.array(Role).min(1),
  /** Where the request comes from, for the log: an address, or the id of the product's own request. */
  from: Label.optional(),
});
export type Actor = z.infer<typeof Actor>;

/** The product itself, for what nobody in particular asked for. What it does is logged with the reason. */
export const systemActor = (reason: string): Actor => ({ userId: `system: ${reason}`, roles: ["system"] });

/** A project: whose resources these are, who pays, and within which quotas. */
export const Project = z.strictObject({ id: idOf("prj"), name: Name, createdAtMs: z.int() });
export type Project = z.infer<typeof Project>;

/** What a project is made of. */
export const CreateProject = z.strictObject({ name: Name });
export type CreateProject = z.infer<typeof CreateProject>;
