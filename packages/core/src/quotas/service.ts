import { notFound, projectOf } from "../access/caller.ts";
import type { Caller } from "../access/caller.ts";
import { parseNamed } from "../access/named.ts";
import type { Database } from "../database/database.ts";
import { script } from "../database/script.ts";
import type { Project } from "../projects/model.ts";
import type { ProjectStore } from "../projects/store.ts";
import { QuotaLimits } from "./model.ts";
import type { QuotaUse } from "./model.ts";
import type { QuotaStore } from "./store.ts";

/** A project's limits, and what of them is used. */
export class Quotas {
  readonly #caller: Caller;
  readonly #dependencies: QuotasDependencies;

  constructor(caller: Caller, dependencies: QuotasDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /** The nine quotas of the project in which the actor acts. */
  async get(): Promise<readonly QuotaUse[]> {
    const scope = await this.#caller.may("quotas.get");
    return this.#dependencies.quotas.use(projectOf(scope).id);
  }

  /**
   * Changes limits of a project; what is not named stays. `-1` is unlimited, `0` none. A limit below what is used is
   * allowed, and blocks growth.
   * @param project its id or name
   * @throws CloudHostError `NOT_FOUND`
   */
  async set(project: string, limits: QuotaLimits): Promise<readonly QuotaUse[]> {
    const { database, quotas, projects } = this.#dependencies;
    const find = async (): Promise<Project> => {
      const found = await projects.named(parseNamed("project", project));
      if (found === undefined) throw notFound("project", project);
      return found;
    };
    const asked = { schema: QuotaLimits, input: limits, what: "limits of quotas", find };
    return this.#caller.change("quotas.set", asked, async (scope, parsed, { id }) => {
      const line = scope.accepted({ resources: [id], projectId: id });
      await database.run(script(...quotas.setLimits(id, parsed).statements, line));
      return quotas.use(id);
    });
  }
}

/** What {@link Quotas} needs. */
export interface QuotasDependencies {
  readonly database: Database;
  readonly quotas: QuotaStore;
  readonly projects: ProjectStore;
}
