import { notFound, projectOf, sees } from "../access/caller.ts";
import type { Caller, ChangeScope } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import type { Database } from "../database/database.ts";
import { GuardFailed, script } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { Ids } from "../ids.ts";
import type { OperationEngine } from "../operations/engine.ts";
import { OperationHandle } from "../operations/handle.ts";
import { Nothing } from "../parse.ts";
import type { Clock } from "../ports/clock.ts";
import type { QuotaLimits } from "../quotas/model.ts";
import type { QuotaRequestStore } from "../quotas/request-store.ts";
import type { QuotaStore } from "../quotas/store.ts";
import { CreateProject, DeleteProject, ListProjects, RenameProject } from "./model.ts";
import type { Project, ProjectState, ProjectSummary } from "./model.ts";
import { deleteProject } from "./operations/delete-project.ts";
import type { ProjectStore } from "./store.ts";
import { readSummary } from "./summary.ts";

/** Projects: whose resources these are. */
export class Projects {
  readonly #caller: Caller;
  readonly #dependencies: ProjectsDependencies;

  constructor(caller: Caller, dependencies: ProjectsDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /**
   * Makes a project, with the cloud's default quotas where none are given.
   * @throws CloudHostError `CONFLICT` when the name is taken, `EXHAUSTED` after 65,535 projects
   * @example
   * await ops.projects.create({ name: "album", quotas: { servers: 100 } });
   */
  async create(input: CreateProject): Promise<Project> {
    const asked = { schema: CreateProject, input, what: "a project" };
    return this.#caller.change("projects.create", asked, async (scope, { name, quotas }) => {
      const { database, projects, ids, clock, defaultQuotas } = this.#dependencies;
      const project: Project = { id: ids.next("prj"), name, state: "active", createdAtMs: clock.nowMs() };
      const line = scope.accepted({ resources: [project.id], projectId: project.id });
      try {
        await database.run(script(...projects.create(project, { ...defaultQuotas, ...quotas }).statements, line));
      } catch (error) {
        if (!(error instanceof GuardFailed)) throw error;
        if ((await projects.named(name)) !== undefined) throw taken(name);
        throw new CloudHostError("EXHAUSTED", "There are no more marks for projects.", { resource: "tenant marks" });
      }
      return project;
    });
  }

  /**
   * A project by its id or name.
   * @throws CloudHostError `NOT_FOUND`
   */
  async get(idOrName: string): Promise<Project> {
    const scope = await this.#caller.may("projects.get");
    const project = await this.#find(idOrName);
    if (!scope.everywhere && !sees(scope, project.id)) throw notFound("project", idOrName);
    return project;
  }

  /** Every project. */
  list(input: ListProjects = {}): Listing<Project> {
    const asked = { permission: "projects.list", schema: ListProjects, what: "a list of projects" } as const;
    return listing(this.#caller, asked, input, (_, where, part) => this.#dependencies.projects.find(where, part));
  }

  /**
   * What the project in which the actor acts has, what of it is used and what is left; and its open request for quota.
   * @example
   * const { quotas, servers } = await album.projects.summary();
   */
  async summary(): Promise<ProjectSummary> {
    const scope = await this.#caller.may("projects.summary");
    return readSummary(this.#dependencies, projectOf(scope));
  }

  /**
   * Gives it another name. Its id stays.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` when the name is taken
   */
  async rename(idOrName: string, input: RenameProject): Promise<Project> {
    const asked = { schema: RenameProject, input, what: "a project's name", find: () => this.#find(idOrName) };
    return this.#caller.change("projects.rename", asked, async (scope, { name }, project) => {
      const { statements } = this.#dependencies.projects.rename(project.id, name);
      if (!(await this.#write(scope, project, statements, "name"))) throw taken(name);
      return { ...project, name };
    });
  }

  /**
   * Takes nothing new from now on: nothing is made in it, and nothing grows. Its servers go on, and may be stopped,
   * started and deleted. Another process may accept a request for up to a second more; it takes no capacity by then.
   * @throws CloudHostError `NOT_FOUND`
   */
  async suspend(idOrName: string): Promise<Project> {
    return this.#setState("projects.suspend", idOrName, "suspended");
  }

  /**
   * Lets a suspended project go on.
   * @throws CloudHostError `NOT_FOUND`
   */
  async resume(idOrName: string): Promise<Project> {
    return this.#setState("projects.resume", idOrName, "active");
  }

  /**
   * Deletes a project that has nothing any more. Its name is free again; what it did stays in the log.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` with what it still has
   */
  async delete(idOrName: string, input?: { readonly everything?: false }): Promise<void>;
  /**
   * Deletes a project with everything of it: every server, also a deleted one that can be restored, every image and all
   * else. From now on it takes nothing new. Operations under way are cancelled where they can be, and given up where they
   * are stuck. Asked for again, it gives the operation that is under way. It cannot be cancelled; given up by an
   * operator, it leaves the project suspended with what is left.
   *
   * @throws CloudHostError `NOT_FOUND`. The operation is `stuck` while the deletion of one of its things is
   * @example
   * await (await ops.projects.delete("album", { everything: true })).result();
   */
  async delete(idOrName: string, input: { readonly everything: true }): Promise<OperationHandle<void>>;
  async delete(idOrName: string, input: DeleteProject = {}): Promise<OperationHandle<void> | void> {
    const asked = { schema: DeleteProject, input, what: "how to delete a project", find: () => this.#find(idOrName) };
    return this.#caller.change("projects.delete", asked, async (scope, { everything }, project) => {
      if (everything) return this.#deleteEverything(scope, project);
      return this.#deleteEmpty(scope, project);
    });
  }

  async #deleteEmpty(scope: ChangeScope, project: Project): Promise<void> {
    const { projects, clock } = this.#dependencies;
    const { statements } = projects.delete(project.id, clock.nowMs());
    if (await this.#write(scope, project, statements, "empty")) return;
    const left = Object.entries(await projects.contents(project.id)).map(([what, count]) => `${count} ${what}`);
    const details = { state: left.length === 0 ? project.state : `has ${left.join(", ")}`, allowed: ["empty"] };
    throw new CloudHostError("CONFLICT", `The project ${project.name} ${details.state} still.`, details);
  }

  async #deleteEverything(scope: ChangeScope, { id: projectId, name }: Project): Promise<OperationHandle<void>> {
    const { engine, projects } = this.#dependencies;
    const handleOf = (operationId: string) => new OperationHandle<void>(engine, operationId, projectId, async () => {});
    const underWay = await projects.deletedBy(projectId);
    if (underWay !== undefined) return handleOf(underWay);
    const { id } = await engine.submit({
      definition: deleteProject,
      projectId,
      actor: scope,
      resourceId: projectId,
      hostId: undefined,
      idempotencyKey: undefined,
      request: { project: projectId },
      input: { userId: scope.userId },
      statements: (operationId) => [projects.beginDelete(projectId, operationId)],
      refused: async () => notFound("project", name),
    });
    projects.forget();
    return handleOf(id);
  }

  async #setState(
    permission: "projects.suspend" | "projects.resume",
    idOrName: string,
    state: ProjectState,
  ): Promise<Project> {
    const asked = { schema: Nothing, input: {}, what: "options", find: () => this.#find(idOrName) };
    return this.#caller.change(permission, asked, async (scope, _, project) => {
      if (project.state === "deleting") throw beingDeleted(project);
      const change = this.#dependencies.projects.setState(project.id, state);
      if (!(await this.#write(scope, project, [change], "project"))) throw notFound("project", idOrName);
      return { ...project, state };
    });
  }

  /** One commit with the log's line. Gives whether its guard held. */
  async #write(scope: ChangeScope, { id }: Project, statements: readonly Statement[], guard: string): Promise<boolean> {
    const { database, projects } = this.#dependencies;
    try {
      await database.run(script(...statements, scope.accepted({ resources: [id], projectId: id })));
      return true;
    } catch (error) {
      if (error instanceof GuardFailed && error.guard === guard) return false;
      throw error;
    } finally {
      projects.forget();
    }
  }

  async #find(idOrName: string): Promise<Project> {
    const project = await this.#dependencies.projects.named(parseNamed("project", idOrName));
    if (project === undefined) throw notFound("project", idOrName);
    return project;
  }
}

/** What {@link Projects} needs. */
export interface ProjectsDependencies {
  readonly database: Database;
  readonly projects: ProjectStore;
  readonly quotas: QuotaStore;
  readonly requests: QuotaRequestStore;
  readonly engine: OperationEngine;
  readonly ids: Ids;
  readonly clock: Clock;
  /** Limits of a new project, where the product has others than ours. */
  readonly defaultQuotas: QuotaLimits;
}

const taken = (name: string): CloudHostError =>
  new CloudHostError("CONFLICT", `There is a project ${name} already.`, {
    state: "taken",
    allowed: ["a name that no project has"],
  });

const beingDeleted = ({ name }: Project): CloudHostError =>
  new CloudHostError("CONFLICT", `The project ${name} is being deleted with everything of it.`, {
    state: "deleting",
    allowed: ["active", "suspended"],
  });
