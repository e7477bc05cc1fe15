import { z } from "zod";
import { idOf } from "../ids.ts";
import { byName, oneOrMore } from "../lists/filters.ts";
import { pageBy } from "../lists/page-by.ts";
import { Label, Name, NameOrId } from "../names.ts";
import { QuotaLimits } from "../quotas/model.ts";
import type { QuotaUse } from "../quotas/model.ts";
import type { QuotaRequest } from "../quotas/request-model.ts";
import type { ServerState } from "../servers/model.ts";

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

/**
 * `suspended`: nothing new is made in it and nothing grows; what it has stays, and may be stopped and deleted.
 * `deleting`: so is it while it is deleted with everything of it.
 */
export const ProjectState = z.enum(["active", "suspended", "deleting"]);
export type ProjectState = z.infer<typeof ProjectState>;

/** A project: whose resources these are, who pays, and within which quotas. */
export const Project = z.strictObject({ id: idOf("prj"), name: Name, state: ProjectState, createdAtMs: z.int() });
export type Project = z.infer<typeof Project>;

/** Which projects to list, in which order: what is said must all hold. */
export const ListProjects = pageBy(["createdAt", "name"]).extend({
  ...byName,
  state: oneOrMore(ProjectState).optional(),
});
export type ListProjects = z.input<typeof ListProjects>;

/** What a project is made of. */
export const CreateProject = z.strictObject({
  name: Name,
  /** Limits that differ from the cloud's defaults, in their base units; `-1` is unlimited, `0` none. */
  quotas: QuotaLimits.prefault({}),
});
export type CreateProject = z.input<typeof CreateProject>;

/** How to delete a project. */
export const DeleteProject = z.strictObject({
  /** With everything of it; otherwise it is refused while it has anything. @defaultValue false */
  everything: z.boolean().default(false),
});
export type DeleteProject = z.input<typeof DeleteProject>;

/** A project's new name. */
export const RenameProject = z.strictObject({ name: Name });
export type RenameProject = z.infer<typeof RenameProject>;

/** What somebody may be in a project. */
export const MemberRole = z.enum(["member", "projectAdmin"]);
export type MemberRole = z.infer<typeof MemberRole>;

/** Somebody in a project. */
export const Member = z.strictObject({ userId: Label, role: MemberRole, createdAtMs: z.int() });
export type Member = z.infer<typeof Member>;

/** Which members to list, in which order. */
export const ListMembers = pageBy(["userId", "createdAt"]).extend({ role: MemberRole.optional() });
export type ListMembers = z.input<typeof ListMembers>;

/** Who is to be in the project, and as what. */
export const AddMember = z.strictObject({ userId: Label, role: MemberRole.default("member") });
export type AddMember = z.input<typeof AddMember>;

/** What somebody is to be from now on. */
export const SetMemberRole = z.strictObject({ role: MemberRole });
export type SetMemberRole = z.infer<typeof SetMemberRole>;

/** A project's own page, in one answer. Amounts are in base units. */
export interface ProjectSummary {
  readonly project: Project;
  /** The nine quotas, in the order in which they are shown. */
  readonly quotas: readonly QuotaUse[];
  readonly servers: {
    readonly total: number;
    /** How many are in which state; a state that none is in is not named. */
    readonly byState: Readonly<Partial<Record<ServerState, number>>>;
  };
  /** Its own active images, and how large they are to a guest. */
  readonly images: { readonly count: number; readonly logicalBytes: number };
  /** The request for quota that nobody has decided yet. */
  readonly quotaRequest: QuotaRequest | null;
}
