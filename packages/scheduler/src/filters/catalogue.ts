import type { Filter } from "@cloudhost/core/ports";
import { z } from "zod";
import type { BuiltInFilterName } from "../options.ts";
import { aggregateFilter } from "./aggregate-filter.ts";
import { AvailabilityZoneParameters, availabilityZoneFilter } from "./availability-zone-filter.ts";
import { capabilitiesFilter } from "./capabilities-filter.ts";
import { computeFilter } from "./compute-filter.ts";
import { DedicatedHostsParameters, dedicatedHostsFilter } from "./dedicated-hosts-filter.ts";
import { diskFilter } from "./disk-filter.ts";
import { ecuFilter } from "./ecu-filter.ts";
import { ecuPerCoreFilter } from "./ecu-per-core-filter.ts";
import { imagePropertiesFilter } from "./image-properties-filter.ts";
import { networkFilter } from "./network-filter.ts";
import { ramFilter } from "./ram-filter.ts";
import { resourceFilter } from "./resource-filter.ts";
import { serverGroupAffinityFilter } from "./server-group-affinity-filter.ts";
import { serverGroupAntiAffinityFilter } from "./server-group-anti-affinity-filter.ts";
import { vcpuFilter } from "./vcpu-filter.ts";

/** Makes a filter of the parameters that the chain gives it. */
export type FilterRecipe = z.ZodType<Filter>;

/** A filter that takes no parameters. */
export const plain = (filter: Filter): FilterRecipe => z.strictObject({}).transform(() => filter);

/** The filters of the default chain, in its order. */
export const defaultFilters = {
  ComputeFilter: plain(computeFilter),
  AvailabilityZoneFilter: AvailabilityZoneParameters.transform(availabilityZoneFilter),
  AggregateFilter: plain(aggregateFilter),
  CapabilitiesFilter: plain(capabilitiesFilter),
  ImagePropertiesFilter: plain(imagePropertiesFilter),
  VCpuFilter: plain(vcpuFilter),
  EcuPerCoreFilter: plain(ecuPerCoreFilter),
  ECUFilter: plain(ecuFilter),
  RamFilter: plain(ramFilter),
  DiskFilter: plain(diskFilter),
  NetworkFilter: plain(networkFilter),
  ServerGroupAntiAffinityFilter: plain(serverGroupAntiAffinityFilter),
  ServerGroupAffinityFilter: plain(serverGroupAffinityFilter),
  ResourceFilter: plain(resourceFilter),
} satisfies Partial<Record<BuiltInFilterName, FilterRecipe>>;

/** All filters that come with the scheduler: also those that only a chain of your own has. */
export const builtInFilters: Readonly<Record<BuiltInFilterName, FilterRecipe>> = {
  ...defaultFilters,
  DedicatedHostsFilter: DedicatedHostsParameters.transform(dedicatedHostsFilter),
};
