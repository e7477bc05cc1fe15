import type { Caller, ChangeScope } from "../access/caller.ts";
import { notFound, sees } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import type { Database } from "../database/database.ts";
import { GuardFailed, script } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { Ids } from "../ids.ts";
import { Page } from "../names.ts";
import { parseInput } from "../parse.ts";
import type { Clock } from "../ports/clock.ts";
import { CreateProject } from "./model.ts";
import type { Project } from "./model.ts";
import type { ProjectStore } from "./store.ts";

/** Projects: whose resources these are. */
export class Projects {
  readonly #caller: Caller;
  readonly #dependencies: ProjectsDependencies;

  constructor(caller: Caller, dependencies: ProjectsDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /**
   * Makes a project, with the default quotas.
   * @throws CloudHostError `CONFLICT` when the name is taken, `EXHAUSTED` after 65,535 projects
   */
  async create(input: CreateProject): Promise<Project> {
    const asked = { schema: CreateProject, input, what: "a project" };
    return this.#caller.change("projects.create", asked, (scope, { name }) => this.#create(scope, name));
  }

  async #create(scope: ChangeScope, name: string): Promise<Project> {
    const { database, projects, ids, clock } = this.#dependencies;
    const project = { id: ids.next("prj"), name, createdAtMs: clock.nowMs() };
    const line = scope.accepted({ resources: [project.id], projectId: project.id });
    try {
      await database.run(script(...projects.create(project, {}).statements, line));
    } catch (error) {
      if (!(error instanceof GuardFailed)) throw error;
      if ((await projects.named(name)) === undefined) {
        throw new CloudHostError("EXHAUSTED", "There are no more marks for projects.", { resource: "tenant marks" });
      }
      const details = { state: "taken", allowed: ["a name that no project has"] };
      throw new CloudHostError("CONFLICT", `There is a project ${name} already.`, details);
    }
    return project;
  }

  /**
   * A project by its id or name.
   * @throws CloudHostError `NOT_FOUND`
   */
  async get(idOrName: string): Promise<Project> {
    const scope = await this.#caller.may("projects.get");
    const project = await this.#dependencies.projects.named(parseNamed("project", idOrName));
    if (project === undefined || !(scope.everywhere || sees(scope, project.id))) throw notFound("project", idOrName);
    return project;
  }

  /** Every project. */
  list(page: Partial<Page> = {}): Listing<Project> {
    return listing(async (at) => {
      await this.#caller.may("projects.list");
      const parsed = parseInput(Page, at, "a page");
      return { items: await this.#dependencies.projects.find(parsed), limit: parsed.limit };
    }, page);
  }
}

/** What {@link Projects} needs. */
export interface ProjectsDependencies {
  readonly database: Database;
  readonly projects: ProjectStore;
  readonly ids: Ids;
  readonly clock: Clock;
}
