import { notFound } from "../access/caller.ts";
import type { Statement } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { FlavorStore } from "../flavors/store.ts";
import type { Flavor } from "../flavors/model.ts";
import type { HostStore } from "../hosts/store.ts";
import type { Ids } from "../ids.ts";
import type { KeypairStore } from "../keypairs/store.ts";
import type { BandwidthPolicy } from "../networks/bandwidth-policy.ts";
import type { NetworkRow } from "../networks/store.ts";
import type { ServerGroup } from "../server-groups/model.ts";
import type { ServerGroupStore } from "../server-groups/store.ts";
import type { z } from "zod";
import type { Clock } from "../ports/clock.ts";
import type { HostInventory } from "../ports/host.ts";
import { imageTraits, requireRoom } from "./boot-images.ts";
import type { BootImage, BootImages } from "./boot-images.ts";
import type { RescuePlan } from "./guest-spec.ts";
import type { CreateServer } from "./model.ts";
import type { CreateServerPlan } from "./operations/create-server.ts";
import type { ServerRow } from "./server-row.ts";
import { hostnameOf } from "./seed-store.ts";
import type { SeedStore } from "./seed-store.ts";
import { flavorColumns } from "./size-columns.ts";

type Request = z.output<typeof CreateServer>;

/** What planning needs. */
export interface ServerPlannerDependencies {
  readonly flavors: FlavorStore;
  readonly images: BootImages;
  readonly hosts: Pick<HostStore, "get">;
  readonly keypairs: KeypairStore;
  readonly groups: ServerGroupStore;
  readonly seeds: SeedStore;
  readonly network: NetworkRow;
  readonly bandwidth: BandwidthPolicy;
  readonly ids: Ids;
  readonly clock: Clock;
}

/** Resolves what a user asked for into what the steps need: names become ids, the flavor's values are copied. */
export class ServerPlanner {
  readonly #dependencies: ServerPlannerDependencies;

  constructor(dependencies: ServerPlannerDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * @throws CloudHostError `NOT_FOUND` for a flavor, image, keypair or server group, `CONFLICT` for an image that is not active,
   * `INVALID_ARGUMENT` for a flavor that is too small for the image
   */
  async plan(request: Request, projectId: string, userId: string) {
    const { flavors, images, groups, bandwidth, ids, clock, network } = this.#dependencies;
    const [flavor, image] = await Promise.all([flavors.named(request.flavor), images.chosen(request.image, projectId)]);
    if (flavor === undefined) throw notFound("flavor", request.flavor);
    requireRoom(image, { path: "flavor", what: `The flavor ${flavor.name}`, ...flavor });
    const publicKeys = await this.#publicKeys(projectId, request.keypair);
    const group = await this.#group(projectId, request.group);
    const columns = flavorColumns(flavor, bandwidth, request.externalKbit);
    const { boot, properties } = image;
    const serverId = ids.next("srv");
    const plan: CreateServerPlan = {
      projectId,
      name: request.name,
      ...sizeOf(flavor),
      resources: flavor.resources,
      internalKbit: columns.internal_rate_kbit,
      externalKbit: columns.external_rate_kbit,
      ...(request.zone === undefined ? {} : { zone: request.zone }),
      requires: flavor.requires,
      ...(group === undefined ? {} : { group: { id: group.id, name: group.name, policy: group.policy } }),
      networkId: network.id,
      dataDisks: [],
      image: image.image,
      traits: imageTraits(properties),
      ...(boot === undefined ? {} : { boot }),
    };
    const row = {
      ...columns,
      id: serverId,
      project_id: projectId,
      user_id: userId,
      name: request.name,
      state: "building",
      busy: 1,
      image_id: image.row.id,
      requested_zone: request.zone ?? null,
      keypair: request.keypair ?? null,
      group_id: group?.id ?? null,
      guest: "unknown",
      guest_since_ms: clock.nowMs(),
      created_at_ms: clock.nowMs(),
    };
    const { userData } = request;
    /** What the server is told at its first boot, if anything; its keypair may be deleted later. */
    const seedFor = (id: string, name: string): readonly Statement[] =>
      publicKeys.length === 0 && userData === undefined
        ? []
        : [this.#dependencies.seeds.insert(id, { hostname: hostnameOf(name), publicKeys, userData: userData ?? null })];
    return { serverId, plan, row, seedFor, guards: group === undefined ? [] : [groups.hold(group.id)] };
  }

  /** What a rescued server boots from: also when that image was deleted since. */
  rescuedFrom(row: ServerRow): Promise<RescuePlan> {
    return this.#dependencies.images.used(row.rescue_image_id ?? "");
  }

  /**
   * An image for a server that has its host already.
   * @param need what of the image must fit: `disk` where it becomes the system disk
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for one that is not active, `INVALID_ARGUMENT` for one that does not
   * fit the server or its host
   */
  async imageFor(row: ServerRow, idOrName: string, need: "disk" | "memory"): Promise<BootImage> {
    const { images, hosts } = this.#dependencies;
    const image = await images.chosen(idOrName, row.project_id);
    requireRoom(image, {
      path: "image",
      what: `The server ${row.name}`,
      memoryMib: row.memory_mib,
      systemDiskGib: need === "disk" ? row.system_disk_gib : undefined,
    });
    const found = (await hosts.get(row.host_id ?? ""))?.inventory;
    const host = found === undefined || found === null ? undefined : (JSON.parse(found) as HostInventory);
    for (const property of ["architecture", "hypervisor"] as const) {
      const wants = image.properties[property];
      if (wants === undefined || host === undefined || host[property] === wants) continue;
      const message = `the image needs ${wants}, the server's host has ${host[property]}`;
      const details = { issues: [{ path: "image", message }] };
      throw new CloudHostError("INVALID_ARGUMENT", `The server ${row.name} cannot boot it: ${message}.`, details);
    }
    return image;
  }

  async #publicKeys(projectId: string, name: string | undefined): Promise<string[]> {
    if (name === undefined) return [];
    const keypair = await this.#dependencies.keypairs.named(projectId, name);
    if (keypair === undefined) throw notFound("keypair", name);
    return [keypair.publicKey];
  }

  async #group(projectId: string, idOrName: string | undefined): Promise<ServerGroup | undefined> {
    if (idOrName === undefined) return undefined;
    const group = await this.#dependencies.groups.named(projectId, idOrName);
    if (group === undefined) throw notFound("server group", idOrName);
    return group;
  }
}

const sizeOf = ({ vcpus, milliEcuPerVcpu, memoryMib, systemDiskGib, ephemeralDiskGib }: Flavor) => ({
  vcpus,
  milliEcuPerVcpu,
  memoryMib,
  systemDiskGib,
  ephemeralDiskGib,
});
