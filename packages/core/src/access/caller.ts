import { CloudHostError } from "../errors.ts";
import { parseInput } from "../parse.ts";
import { Actor } from "../projects/model.ts";
import type { Project } from "../projects/model.ts";
import type { ProjectStore } from "../projects/store.ts";
import { permissions } from "./permissions.ts";
import type { Permission } from "./permissions.ts";

/** What an actor may see and do, once it is known that they may call the method at all. */
export interface Scope {
  readonly userId: string;
  /** The project in which they act, if any. */
  readonly project: Project | undefined;
  /** Operators, auditors and the system see every project's things, and hosts. */
  readonly everywhere: boolean;
}

/** An actor at the facade: authorises each call against the one table. */
export class Caller {
  readonly #actor: Actor;
  readonly #projects: ProjectStore;

  /** @throws CloudHostError `INVALID_ARGUMENT` for what is no actor */
  constructor(actor: Actor, projects: ProjectStore) {
    this.#actor = parseInput(Actor, actor, "an actor");
    this.#projects = projects;
  }

  /**
   * @throws CloudHostError `FORBIDDEN` when none of the actor's roles allows it; `NOT_FOUND` for an unknown project;
   * `INVALID_ARGUMENT` for a member of no project
   */
  async may(permission: Permission): Promise<Scope> {
    const { roles, userId, projectId } = this.#actor;
    const allowed: readonly string[] = permissions[permission];
    if (!roles.some((role) => allowed.includes(role))) {
      const details = { permission, roles: [...roles] };
      throw new CloudHostError("FORBIDDEN", `The roles ${roles.join(", ")} do not allow ${permission}.`, details);
    }
    const everywhere = roles.some((role) => role === "operator" || role === "auditor" || role === "system");
    const project = projectId === undefined ? undefined : await this.#projects.named(projectId);
    if (project === undefined && projectId !== undefined) throw notFound("project", projectId);
    if (project === undefined && !everywhere) throw noProject();
    return { userId, project, everywhere };
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

function noProject(): CloudHostError {
  const issues = [{ path: "actor.projectId", message: "this needs a project to act in" }];
  return new CloudHostError("INVALID_ARGUMENT", "This needs a project to act in: cloud.as({ projectId, … }).", {
    issues,
  });
}
