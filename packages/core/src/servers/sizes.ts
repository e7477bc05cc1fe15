import { z } from "zod";
import type { Database } from "../database/database.ts";
import { CloudHostError } from "../errors.ts";
import type { Flavor } from "../flavors/model.ts";
import type { BandwidthPolicy } from "../networks/bandwidth-policy.ts";
import { imageTraits } from "./boot-images.ts";
import type { BootImage, BootImages } from "./boot-images.ts";
import type { DataDisk } from "./data-disk.ts";
import type { DataDiskStore } from "./data-disk-store.ts";
import type { GuestPlan } from "./guest-spec.ts";
import { claimOf } from "./operations/claim-plan.ts";
import type { ClaimPlan } from "./operations/claim-plan.ts";
import type { Placing } from "./operations/placing.ts";
import type { ServerSize, SizeColumns } from "./operations/resize-plan.ts";
import type { ServerRow } from "./server-row.ts";
import { columnsOf, flavorColumns } from "./size-columns.ts";

/** What sizes are made from. */
export interface SizesDependencies {
  readonly database: Database;
  readonly dataDisks: DataDiskStore;
  readonly bootImages: BootImages;
  readonly bandwidth: BandwidthPolicy;
}

const Amounts = z.record(z.string(), z.int());

/** Servers as operations keep them, from their rows: the guest, the claim, and what the row itself says of the size. */
export class ServerSizes {
  readonly #dependencies: SizesDependencies;

  constructor(dependencies: SizesDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * The size that a server has. Its image may be deleted by then: its host still holds it.
   * @throws CloudHostError `UNSUPPORTED` for a server that was made from no image: one that was taken over
   */
  async of(row: ServerRow): Promise<ServerSize> {
    return this.from(row, await this.#imageOf(row));
  }

  /** The size that it has once it is made anew from an image. */
  async from(row: ServerRow, { image, boot }: Pick<GuestPlan, "image" | "boot">): Promise<ServerSize> {
    const found = await this.#dependencies.dataDisks.of([row.id]);
    return sizeOf(columnsOf(row), {
      guest: {
        name: row.name,
        dataDisks: planned(found.get(row.id) ?? []),
        image,
        ...(boot === undefined ? {} : { boot }),
      },
      claim: { projectId: row.project_id, ...groupOf(row) },
    });
  }

  /** The size that a server of this one would have with another flavor: bandwidth follows, data disks stay. */
  with({ guest, claim, columns }: ServerSize, flavor: Flavor): ServerSize {
    const changed = flavorColumns(flavor, this.#dependencies.bandwidth, columns.external_rate_kbit);
    return sizeOf(changed, { guest, claim });
  }

  /**
   * What a new place must be like, for a server that has one.
   * @throws CloudHostError `UNSUPPORTED` as {@link ServerSizes.of}
   */
  async placing(row: ServerRow, requires: Readonly<Record<string, string>>): Promise<Placing> {
    const { properties } = await this.#imageOf(row);
    return {
      ...(row.requested_zone === null ? {} : { zone: row.requested_zone }),
      requires,
      image: imageTraits(properties),
      notOn: row.host_id === null ? [] : [row.host_id],
    };
  }

  /** The interfaces of a server. */
  async nicIds(serverId: string): Promise<string[]> {
    const { database } = this.#dependencies;
    const query = database.read(database.tables.bindings).where({ server_id: serverId }).orderBy("id").select("id");
    return (await database.all<{ id: string }>(query)).map(({ id }) => id);
  }

  async #imageOf(row: ServerRow): Promise<BootImage> {
    if (row.image_id !== "") return this.#dependencies.bootImages.used(row.image_id);
    const feature = "another disk for a server that was taken over as it was found";
    throw new CloudHostError("UNSUPPORTED", `This cannot be done: ${feature}.`, { feature, by: "cloudhost" });
  }
}

/** The size that a server of this one has with other data disks. */
export const withDataDisks = ({ guest, claim, columns }: ServerSize, disks: readonly DataDisk[]): ServerSize =>
  sizeOf(columns, { guest: { ...guest, dataDisks: planned(disks) }, claim });

const planned = (disks: readonly DataDisk[]): GuestPlan["dataDisks"] =>
  disks.map(({ id, sizeGib }) => ({ id, sizeGib }));

/** @param stays what does not follow from the size */
function sizeOf(
  columns: SizeColumns,
  stays: {
    readonly guest: Pick<GuestPlan, "name" | "dataDisks" | "image" | "boot">;
    readonly claim: Pick<ClaimPlan, "projectId" | "group">;
  },
): ServerSize {
  const guest = {
    ...stays.guest,
    vcpus: columns.vcpus,
    milliEcuPerVcpu: columns.milli_ecu_per_vcpu,
    memoryMib: columns.memory_mib,
    systemDiskGib: columns.system_disk_gib,
    ephemeralDiskGib: columns.ephemeral_disk_gib,
  };
  const claim = claimOf({
    ...guest,
    projectId: stays.claim.projectId,
    group: stays.claim.group,
    internalKbit: columns.internal_rate_kbit,
    externalKbit: columns.external_rate_kbit,
    resources: Amounts.parse(JSON.parse(columns.resources)),
  });
  return { guest, claim, columns };
}

const groupOf = ({ group_id: id, group_name: name, group_policy: policy }: ServerRow): Pick<ClaimPlan, "group"> =>
  id === null || name === null || policy === null ? {} : { group: { id, name, policy } };
