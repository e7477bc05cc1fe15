import type { z } from "zod";
import type { LogResult } from "../audit/model.ts";
import type { LogStore } from "../audit/store.ts";
import { script } from "../database/script.ts";
import type { Database } from "../database/database.ts";
import type { Statement } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import { OperationHandle } from "../operations/handle.ts";
import { parseInput } from "../parse.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { Actor } from "../projects/model.ts";
import type { Project, Role } from "../projects/model.ts";
import type { MemberStore } from "../projects/member-store.ts";
import type { ProjectStore } from "../projects/store.ts";
import { notActive } from "../quotas/store.ts";
import { frozenCopy } from "./frozen.ts";
import { permissions } from "./permissions.ts";
import type { ChangePermission, Permission, ReadPermission } from "./permissions.ts";
import { askPolicy, policyFailed } from "./policy.ts";
import type { Policy } from "./policy.ts";

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

/** What the log's line of a change says besides who asked for what. */
export interface Accepted {
  /** Ids of what it is about, the first one foremost; two at the most. */
  readonly resources: readonly string[];
  /** Whose things these are, where that is not the project in which the actor acts. */
  readonly projectId?: string | null | undefined;
  /** The operation that it begins. */
  readonly operationId?: string | undefined;
}

/** A change under way: who asked for it, and its line in the log. */
export interface ChangeScope extends Scope {
  /**
   * The log's line, to be committed with what the change writes. A change that commits nothing by itself need not ask
   * for it: its line is then written behind it.
   */
  readonly accepted: (what: Accepted) => Statement;
}

/** What a change is asked for with. */
export interface AskedFor<Schema extends z.ZodType<object>, Found extends { readonly id: string } | undefined> {
  readonly schema: Schema;
  /** What the caller gave, not parsed yet. */
  readonly input: unknown;
  /** What the input is called when it does not fit: "a flavor". */
  readonly what: string;
  /**
   * Finds the thing that is to be changed, parsing its name, and throwing `NOT_FOUND` where the actor does not see it.
   * The policy and the log are told its id.
   */
  readonly find?: (scope: Scope) => Promise<Found>;
}

/** What callers need. */
export interface CallerDependencies {
  readonly projects: Pick<ProjectStore, "named">;
  /** Who says what somebody is in a project, where that is not the actor. */
  readonly members?: Pick<MemberStore, "roleOf"> | undefined;
  readonly log: LogStore;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly policy?: Policy | undefined;
  /** Fires when the cloud begins to close: from then on nothing is accepted. */
  readonly closing?: AbortSignal | undefined;
}

/**
 * An actor at the facade. Every public method goes one of two ways: what only reads asks {@link Caller.may}, and what
 * changes anything goes through {@link Caller.change}; the compiler lets neither take the other's.
 */
export class Caller {
  readonly #actor: Actor;
  readonly #dependencies: CallerDependencies;

  /** @throws CloudHostError `INVALID_ARGUMENT` for what is no actor */
  constructor(actor: Actor, dependencies: CallerDependencies) {
    this.#actor = parseInput(Actor, actor, "an actor");
    this.#dependencies = dependencies;
  }

  /**
   * Authorises a method that only reads. A refusal is logged.
   * @throws CloudHostError `FORBIDDEN` when none of the actor's roles allows it; `NOT_FOUND` for an unknown project;
   * `INVALID_ARGUMENT` for a member of no project, `CANCELLED` once the cloud closes
   */
  async may(permission: ReadPermission): Promise<Scope> {
    this.#unlessClosed(permission);
    try {
      return await this.#scope(permission);
    } catch (error) {
      await this.#log(permission, "refused", { resources: [] }, error);
      throw error;
    }
  }

  /**
   * Authorises a method that changes something, parses its input, finds what it is about, asks the product's policy,
   * and only then does it. The log gets one line, whatever becomes of it.
   * @throws CloudHostError as {@link Caller.may}; `INVALID_ARGUMENT`, `VETOED`, `CONFLICT` for a suspended project where
   * the method makes something new; and whatever the work throws
   */
  async change<Schema extends z.ZodType<object>, Out, Found extends { readonly id: string } | undefined = undefined>(
    permission: ChangePermission,
    asked: AskedFor<Schema, Found>,
    work: (scope: ChangeScope, input: z.output<Schema>, found: Found) => Promise<Out>,
  ): Promise<Out> {
    this.#unlessClosed(permission);
    let about: Accepted = { resources: [] };
    let logged = false;
    try {
      const scope = await this.#scope(permission);
      about = { ...about, projectId: scope.project?.id };
      const parsed = parseInput(asked.schema, asked.input, asked.what);
      const { state = "active" } = scope.project ?? {};
      if (permissions[permission].effect === "grows" && state !== "active") throw notActive(state);
      const found = (await asked.find?.(scope)) as Found;
      if (found !== undefined) about = { ...about, resources: [found.id] };
      const input = await this.#unlessVetoed(permission, asked, parsed, { scope, target: found?.id });
      const accepted = (what: Accepted): Statement => {
        logged = true;
        return this.#line(permission, "accepted", { projectId: scope.project?.id, ...what });
      };
      const out = await work({ ...scope, accepted }, input, found);
      if (!logged) await this.#log(permission, "accepted", { ...about, ...named(out) });
      return out;
    } catch (error) {
      await this.#log(permission, "refused", about, error);
      throw error;
    }
  }

  #unlessClosed(permission: Permission): void {
    if (this.#dependencies.closing?.aborted !== true) return;
    throw new CloudHostError("CANCELLED", "This cloud is closed.", { what: permission });
  }

  async #scope(permission: Permission): Promise<Scope> {
    const { userId, projectId } = this.#actor;
    const project = projectId === undefined ? undefined : await this.#dependencies.projects.named(projectId);
    if (project === undefined && projectId !== undefined) throw notFound("project", projectId);
    const roles = await this.#roles(project);
    const allowed = roles.filter((role) => permissions[permission].roles.includes(role));
    if (allowed.length === 0) {
      const details = { permission, roles: [...roles] };
      throw new CloudHostError("FORBIDDEN", `The roles ${roles.join(", ")} do not allow ${permission}.`, details);
    }
    const everywhere = allowed.some((role) => role === "operator" || role === "auditor" || role === "system");
    if (project === undefined && !everywhere) throw noProject();
    return { userId, roles, project, everywhere };
  }

  /**
   * The actor's roles; those in the project are the members' table's where that is what counts.
   * @throws CloudHostError `NOT_FOUND` for a project of which they are no member, and no role opens every project
   */
  async #roles(project: Project | undefined): Promise<readonly Role[]> {
    const { roles, userId } = this.#actor;
    const { members } = this.#dependencies;
    if (members === undefined || project === undefined) return roles;
    const others = roles.filter((role) => role !== "member" && role !== "projectAdmin");
    const own = await members.roleOf(project.id, userId);
    if (own === undefined && others.length === 0) throw notFound("project", this.#actor.projectId ?? project.id);
    return own === undefined ? others : [...others, own];
  }

  /** The input as the policy leaves it. */
  async #unlessVetoed<Schema extends z.ZodType<object>>(
    method: ChangePermission,
    { schema, input }: { readonly schema: Schema; readonly input: unknown },
    parsed: z.output<Schema>,
    { scope, target }: { readonly scope: Scope; readonly target: string | undefined },
  ): Promise<z.output<Schema>> {
    const { policy } = this.#dependencies;
    if (policy === undefined) return parsed;
    const request = { method, actor: this.#actor, project: scope.project, target, input: parsed };
    const more = await askPolicy(policy, frozenCopy(request) as never, this.#dependencies);
    if (more === undefined) return parsed;
    const completed = schema.safeParse({ ...(input as object), ...more });
    if (completed.success) return completed.data;
    this.#dependencies.logger.error({ err: completed.error, method }, "the policy completed a request wrongly");
    throw policyFailed(method, "completed the request to what the method does not take", completed.error);
  }

  #line(method: Permission, result: LogResult, what: Accepted, error?: unknown): Statement {
    const { userId, roles, from } = this.#actor;
    const { log, clock } = this.#dependencies;
    const { resources, operationId, projectId = null } = what;
    const code = error === undefined ? undefined : CloudHostError.from(error).code;
    const atMs = clock.nowMs();
    return log.entry({ userId, roles, from, method, result, code, resources, operationId, projectId, atMs });
  }

  /** Writes a line by itself. What was done or refused stays so when the log cannot be written. */
  async #log(method: Permission, result: LogResult, what: Accepted, error?: unknown): Promise<void> {
    const { database, logger } = this.#dependencies;
    try {
      await database.run(script(this.#line(method, result, what, error)));
    } catch (err) {
      logger.error({ err, method, result, userId: this.#actor.userId }, "the operation log cannot be written");
    }
  }
}

/** What a change that was not logged with its commit gave: the operation of an earlier request, or a thing. */
function named(out: unknown): Partial<Accepted> {
  return out instanceof OperationHandle ? { resources: [out.resourceId], operationId: out.id } : {};
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
