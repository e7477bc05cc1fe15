import { notFound } from "../access/caller.ts";
import type { Binding } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { FlavorStore } from "../flavors/store.ts";
import type { Flavor } from "../flavors/model.ts";
import type { Ids } from "../ids.ts";
import { findImage } from "../images/find-image.ts";
import type { ImageProperties } from "../images/model.ts";
import type { ImageRecords, ImageRow } from "../images/store.ts";
import type { KeypairStore } from "../keypairs/store.ts";
import type { BandwidthPolicy, ServerBandwidth } from "../networks/bandwidth-policy.ts";
import type { NetworkRow } from "../networks/store.ts";
import type { ServerGroup } from "../server-groups/model.ts";
import type { ServerGroupStore } from "../server-groups/store.ts";
import type { z } from "zod";
import type { Clock } from "../ports/clock.ts";
import { bytesFromGib } from "../units.ts";
import type { CreateServer } from "./model.ts";
import type { CreateServerPlan } from "./operations/create-server.ts";

type Request = z.output<typeof CreateServer>;

/** What planning needs. */
export interface ServerPlannerDependencies {
  readonly flavors: FlavorStore;
  readonly images: ImageRecords;
  readonly keypairs: KeypairStore;
  readonly groups: ServerGroupStore;
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
    const { flavors, groups, bandwidth, ids, clock, network } = this.#dependencies;
    const [flavor, image] = await Promise.all([flavors.named(request.flavor), this.#image(request.image, projectId)]);
    if (flavor === undefined) throw notFound("flavor", request.flavor);
    requireRoom(flavor, image);
    await this.#requireKeypair(projectId, request.keypair);
    const group = await this.#group(projectId, request.group);
    const milliEcu = flavor.vcpus * flavor.milliEcuPerVcpu;
    const bought = bandwidth({ milliEcu, externalKbit: request.externalKbit });
    const properties = JSON.parse(image.row.properties) as ImageProperties;
    const boot = await this.#boot(properties, projectId);
    const serverId = ids.next("srv");
    const plan: CreateServerPlan = {
      projectId,
      name: request.name,
      ...sizeOf(flavor),
      resources: flavor.resources,
      internalKbit: bought.internal.rateKbit,
      externalKbit: bought.external?.rateKbit ?? 0,
      ...(request.zone === undefined ? {} : { zone: request.zone }),
      requires: flavor.requires,
      ...(group === undefined ? {} : { group: { id: group.id, name: group.name, policy: group.policy } }),
      networkId: network.id,
      dataDisks: [],
      image: { imageId: image.row.id, digest: image.digest },
      traits: {
        ...(properties.architecture === undefined ? {} : { architecture: properties.architecture }),
        ...(properties.hypervisor === undefined ? {} : { hypervisor: properties.hypervisor }),
      },
      ...(boot === undefined ? {} : { boot }),
      seed: serverId,
    };
    const row = serverRow({
      request,
      flavor,
      imageId: image.row.id,
      projectId,
      userId,
      serverId,
      groupId: group?.id ?? null,
      bought,
      nowMs: clock.nowMs(),
    });
    return { serverId, plan, row, guards: group === undefined ? [] : [groups.hold(group.id)] };
  }

  /** An image that the project may boot: its own, or a public one. Its own name goes before a public one's. */
  async #image(idOrName: string, projectId: string): Promise<{ row: ImageRow; digest: string }> {
    const row = await findImage(this.#dependencies.images, projectId, idOrName);
    if (row.state !== "active" || row.digest === null) {
      throw new CloudHostError("CONFLICT", `The image ${row.name} is ${row.state}.`, {
        state: row.state,
        allowed: ["active"],
      });
    }
    return { row, digest: row.digest };
  }

  async #requireKeypair(projectId: string, name: string | undefined): Promise<void> {
    if (name === undefined) return;
    if ((await this.#dependencies.keypairs.named(projectId, name)) === undefined) throw notFound("keypair", name);
  }

  async #group(projectId: string, idOrName: string | undefined): Promise<ServerGroup | undefined> {
    if (idOrName === undefined) return undefined;
    const group = await this.#dependencies.groups.named(projectId, idOrName);
    if (group === undefined) throw notFound("server group", idOrName);
    return group;
  }

  async #boot(properties: ImageProperties, projectId: string): Promise<CreateServerPlan["boot"]> {
    const { kernelImage, initrdImage, kernelArguments = "" } = properties;
    if (kernelImage === undefined) return undefined;
    const stored = async (id: string) => {
      const { row, digest } = await this.#image(id, projectId);
      return { imageId: row.id, digest };
    };
    const kernel = await stored(kernelImage);
    if (initrdImage === undefined) return { kernel, arguments: kernelArguments };
    return { kernel, initrd: await stored(initrdImage), arguments: kernelArguments };
  }
}

const sizeOf = ({ vcpus, milliEcuPerVcpu, memoryMib, systemDiskGib, ephemeralDiskGib }: Flavor) => ({
  vcpus,
  milliEcuPerVcpu,
  memoryMib,
  systemDiskGib,
  ephemeralDiskGib,
});

function requireRoom(flavor: Flavor, { row }: { readonly row: ImageRow }): void {
  const needGib = Math.max(row.min_disk_gib, Math.ceil((row.logical_bytes ?? 0) / bytesFromGib(1)));
  const faults = [
    ...(flavor.systemDiskGib < needGib ? [`the image needs a system disk of ${needGib} GiB`] : []),
    ...(flavor.memoryMib < row.min_memory_mib ? [`the image needs ${row.min_memory_mib} MiB of memory`] : []),
  ];
  if (faults.length === 0) return;
  const issues = faults.map((message) => ({ path: "flavor", message }));
  throw new CloudHostError("INVALID_ARGUMENT", `The flavor ${flavor.name} is too small: ${faults.join(", ")}.`, {
    issues,
  });
}

function serverRow(server: {
  readonly request: Request;
  readonly flavor: Flavor;
  readonly imageId: string;
  readonly projectId: string;
  readonly userId: string;
  readonly serverId: string;
  readonly groupId: string | null;
  readonly bought: ServerBandwidth;
  readonly nowMs: number;
}): Readonly<Record<string, Binding>> {
  const { request, flavor, imageId, projectId, userId, serverId, groupId, bought, nowMs } = server;
  return {
    id: serverId,
    project_id: projectId,
    user_id: userId,
    name: request.name,
    state: "building",
    busy: 1,
    flavor: flavor.name,
    vcpus: flavor.vcpus,
    milli_ecu_per_vcpu: flavor.milliEcuPerVcpu,
    memory_mib: flavor.memoryMib,
    system_disk_gib: flavor.systemDiskGib,
    ephemeral_disk_gib: flavor.ephemeralDiskGib,
    resources: JSON.stringify(flavor.resources),
    image_id: imageId,
    requested_zone: request.zone ?? null,
    keypair: request.keypair ?? null,
    group_id: groupId,
    internal_rate_kbit: bought.internal.rateKbit,
    internal_ceil_kbit: bought.internal.ceilKbit,
    external_rate_kbit: bought.external?.rateKbit ?? 0,
    external_ceil_kbit: bought.external?.ceilKbit ?? 0,
    guest: "unknown",
    guest_since_ms: nowMs,
    created_at_ms: nowMs,
  };
}
