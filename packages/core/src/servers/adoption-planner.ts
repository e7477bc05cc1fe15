import type { z } from "zod";
import { notFound, projectOf, sees } from "../access/caller.ts";
import type { Scope } from "../access/caller.ts";
import type { FlavorStore } from "../flavors/store.ts";
import type { HostStore } from "../hosts/store.ts";
import type { Ids } from "../ids.ts";
import type { BandwidthPolicy } from "../networks/bandwidth-policy.ts";
import type { NetworkRow } from "../networks/store.ts";
import type { Clock } from "../ports/clock.ts";
import type { Project } from "../projects/model.ts";
import type { ProjectStore } from "../projects/store.ts";
import { notActive } from "../quotas/store.ts";
import type { AdoptServer } from "./model.ts";
import type { AdoptServerPlan } from "./operations/adopt-server.ts";
import { flavorColumns } from "./size-columns.ts";

/** What planning an adoption needs. */
export interface AdoptionPlannerDependencies {
  readonly flavors: FlavorStore;
  readonly hosts: Pick<HostStore, "named">;
  readonly projects: Pick<ProjectStore, "named">;
  readonly network: NetworkRow;
  readonly bandwidth: BandwidthPolicy;
  readonly ids: Ids;
  readonly clock: Clock;
}

/** Resolves which guest is to be whose server: names become ids, the flavor's values are copied. */
export class AdoptionPlanner {
  readonly #dependencies: AdoptionPlannerDependencies;

  constructor(dependencies: AdoptionPlannerDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * The project that the server is to be of.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for a suspended one, `INVALID_ARGUMENT` where none is told
   */
  async project(scope: Scope, named: string | undefined): Promise<Project> {
    if (named === undefined) return projectOf(scope);
    const project = await this.#dependencies.projects.named(named);
    if (project === undefined || !sees(scope, project.id)) throw notFound("project", named);
    if (project.state !== "active") throw notActive(project.state);
    return project;
  }

  /** @throws CloudHostError `NOT_FOUND` for a host or flavor */
  async plan(request: z.output<typeof AdoptServer>, projectId: string, userId: string) {
    const { bandwidth, clock, flavors, hosts, ids, network } = this.#dependencies;
    const [flavor, host] = await Promise.all([flavors.named(request.flavor), hosts.named(request.host)]);
    if (flavor === undefined) throw notFound("flavor", request.flavor);
    if (host === undefined) throw notFound("host", request.host);
    const columns = flavorColumns(flavor, bandwidth, 0);
    const serverId = ids.next("srv");
    const plan: AdoptServerPlan = {
      projectId,
      hostId: host.id,
      key: request.guest,
      name: request.name,
      flavor: flavor.name,
      vcpus: flavor.vcpus,
      milliEcuPerVcpu: flavor.milliEcuPerVcpu,
      memoryMib: flavor.memoryMib,
      systemDiskGib: flavor.systemDiskGib,
      ephemeralDiskGib: flavor.ephemeralDiskGib,
      dataDisks: [],
      resources: flavor.resources,
      internalKbit: columns.internal_rate_kbit,
      externalKbit: columns.external_rate_kbit,
      requires: flavor.requires,
      networkId: request.joinNetwork ? network.id : null,
    };
    const row = {
      ...columns,
      id: serverId,
      project_id: projectId,
      user_id: userId,
      name: request.name,
      state: "building",
      busy: 1,
      image_id: "",
      guest: "unknown",
      guest_since_ms: clock.nowMs(),
      created_at_ms: clock.nowMs(),
    };
    return { serverId, hostId: host.id, plan, row };
  }
}
