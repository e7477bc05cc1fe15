import { z } from "zod";
import { HostProperties } from "../aggregates/model.ts";
import { idOf } from "../ids.ts";
import { byName } from "../lists/filters.ts";
import { pageBy } from "../lists/page-by.ts";
import { Name } from "../names.ts";
import { ResourceAmountsSchema } from "../ports/host.ts";

const size = {
  name: Name,
  vcpus: z.int().min(1).max(512),
  /** Compute of each vCPU in mEUCU: 1,000 is 1/4 of an E5-2650 core. */
  milliEcuPerVcpu: z.int().min(1).max(1_000_000),
  memoryMib: z
    .int()
    .min(16)
    .max(16 * 1024 * 1024),
  systemDiskGib: z.int().min(1).max(65_536),
};

/** What a flavor is made of. */
export const CreateFlavor = z.strictObject({
  ...size,
  /** An empty second disk; 0 for none. Instance storage is not durable: it ends with the server. */
  ephemeralDiskGib: z.int().min(0).max(65_536).default(0),
  /** Further countable resources that the product declared, such as GPUs. */
  resources: ResourceAmountsSchema.default({}),
  /**
   * Properties that an aggregate of the host must have: `{ ssd: "true" }`; or the host itself, with names that begin with
   * `host.`: `{ "host.cpuModel": "Intel(R) Xeon(R) CPU E5-2650 0 @ 2.00GHz", "host.suspend": "true" }`.
   * @defaultValue nothing
   */
  requires: HostProperties.default({}),
});
export type CreateFlavor = z.input<typeof CreateFlavor>;

/** A size that servers are sold in: vCPUs × EUCU per vCPU, memory, disks. It never changes; servers keep a copy. */
export const Flavor = z.strictObject({
  ...CreateFlavor.shape,
  id: idOf("flv"),
  createdAtMs: z.int(),
});
export type Flavor = z.infer<typeof Flavor>;

/** Which flavors to list, in which order: what is said must all hold. */
export const ListFlavors = pageBy(["createdAt", "name", "vcpus", "memoryMib"]).extend(byName);
export type ListFlavors = z.input<typeof ListFlavors>;
