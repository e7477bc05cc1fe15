import { CloudHostError } from "../errors.ts";
import { parseInput } from "../parse.ts";
import { Actor } from "../projects/model.ts";
import type { Project, Role } from "../projects/model.ts";
import type { ProjectStore } from "../projects/store.ts";
import { permissions } from "./permissions.ts";
import type { Permission } from "./permissions.ts";

/** What an actor may see and do, once it is known that they may call the method at all. */
export interface Scope {
  readonly userId: string;
  readonly roles: readonly Role[];
  /** The project in which they act, if any. */
  readonly project: Project | undefined;
  /**
   * Operators, auditors and the system see every project's things, and hosts; for a method that one of these roles
   * allows by itself. Who is an auditor and a member reads everywhere, and changes only what is their project's.
   */
  readonly everywhere: boolean;
}

/** An actor at the facade: authorises each call against the one table. */
export class Caller {
  readonly #actor: Actor;
  readonly #projects: ProjectStore;
  readonly #closing: AbortSignal | undefined;

  /**
   * @param closing fires when the cloud begins to close: from then on nothing is accepted
   * @throws CloudHostError `INVALID_ARGUMENT` for what is no actor
   */
  constructor(actor: Actor, projects: ProjectStore, closing?: AbortSignal) {
    this.#actor = parseInput(Actor, actor, "an actor");
    this.#projects = projects;
    this.#closing = closing;
  }

  /**
   * @throws CloudHostError `FORBIDDEN` when none of the actor's roles allows it; `NOT_FOUND` for an unknown project;
   * `INVALID_ARGUMENT` for a member of no project, `CANCELLED` once the cloud closes
   */
  async may(permission: Permission): Promise<Scope> {
    if (this.#closing?.aborted === true) throw closed(permission);
    const { roles, userId, projectId } = this.#actor;
    const allowed = roles.filter((role) => (permissions[permission] as readonly Role[]).includes(role));
    if (allowed.length === 0) {
      const details = { permission, roles: [...roles] };
      throw new CloudHostError("FORBIDDEN", `The roles ${roles.join(", ")} do not allow ${permission}.`, details);
    }
    const everywhere = allowed.some((role) => role === "operator" || role === "auditor" || role === "system");
    const project = projectId === undefined ? undefined : await this.#projects.named(projectId);
    if (project === undefined && projectId !== undefined) throw notFound("project", projectId);
    if (project === undefined && !everywhere) throw noProject();
    return { userId, roles, project, everywhere };
  }
}

/**
 * The project in which somebody acts, for what must belong to one.
 * @throws CloudHostError `INVALID_ARGUMENT`
 */
export function projectOf({ project }: Scope): Project {
  if (project === undefined) throw noProject();
  return project;
}

/** Of which project's things a list is: `undefined` is every project's. */
export const projectFilter = ({ project, everywhere }: Scope): string | undefined =>
  project?.id ?? (everywhere ? undefined : "");

/** Whether a thing of that project is visible: what is not, does not exist. */
export const sees = ({ project, everywhere }: Scope, projectId: string | null): boolean =>
  project === undefined ? everywhere : project.id === projectId;

/** There is no such thing, or it is another project's: the two are told alike. */
export const notFound = (resource: string, id: string): CloudHostError =>
  new CloudHostError("NOT_FOUND", `There is no ${resource} ${id}.`, { resource, id });

const closed = (permission: Permission): CloudHostError =>
  new CloudHostError("CANCELLED", "This cloud is closed.", { what: permission });

function noProject(): CloudHostError {
  const issues = [{ path: "actor.projectId", message: "this needs a project to act in" }];
  return new CloudHostError("INVALID_ARGUMENT", "This needs a project to act in: cloud.as({ projectId, … }).", {
    issues,
  });
}
