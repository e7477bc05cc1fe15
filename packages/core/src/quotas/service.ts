import { notFound, projectOf } from "../access/caller.ts";
import type { Caller } from "../access/caller.ts";
import { parseNamed } from "../access/named.ts";
import type { Database } from "../database/database.ts";
import { parseInput } from "../parse.ts";
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
    await this.#caller.may("quotas.set");
    const name = parseNamed("project", project);
    const parsed = parseInput(QuotaLimits, limits, "limits of quotas");
    const { database, quotas, projects } = this.#dependencies;
    const found = await projects.named(name);
    if (found === undefined) throw notFound("project", project);
    await database.run(quotas.setLimits(found.id, parsed));
    return quotas.use(found.id);
  }
}

/** What {@link Quotas} needs. */
export interface QuotasDependencies {
  readonly database: Database;
  readonly quotas: QuotaStore;
  readonly projects: ProjectStore;
}
