import type { Filter, Weigher } from "@cloudhost/core/ports";

/** A filter that comes with the scheduler. In the default chain they stand in this order, all but the last. */
export type BuiltInFilterName =
  | "ComputeFilter"
  | "AvailabilityZoneFilter"
  | "AggregateFilter"
  | "CapabilitiesFilter"
  | "ImagePropertiesFilter"
  | "VCpuFilter"
  | "EcuPerCoreFilter"
  | "ECUFilter"
  | "RamFilter"
  | "DiskFilter"
  | "NetworkFilter"
  | "ServerGroupAntiAffinityFilter"
  | "ServerGroupAffinityFilter"
  | "ResourceFilter"
  | "DedicatedHostsFilter";

/** A weigher that comes with the scheduler. */
export type BuiltInWeigherName = "PackingWeigher" | "SpreadWeigher" | "LeftoverShapeWeigher" | "ServerGroupWeigher";

/** A filter's name: a built-in one's, which an editor proposes, or one of your own. */
export type FilterName = BuiltInFilterName | (string & Record<never, never>);

/**
 * A filter of the chain: its name, an object with its name and its parameters, or `["or", …]` with two or more of these,
 * one of which must keep a host.
 */
export type ChainEntry = FilterName | ChainEntryWithParameters | ChainAlternatives;

/** Filters of which one must keep a host. */
export interface ChainAlternatives extends ReadonlyArray<ChainEntry> {
  readonly 0: "or";
}

/** A filter of the chain with its parameters. */
export interface ChainEntryWithParameters {
  readonly filter: FilterName;
  readonly [parameter: string]: unknown;
}

/** A weigher: a built-in one's name, one of your own, or either with its multiplier. */
export type WeigherEntry = BuiltInWeigherName | Weigher | CountedWeigher;

/** A weigher and how much it counts. */
export interface CountedWeigher {
  readonly weigher: BuiltInWeigherName | Weigher;
  /**
   * Beside the other weighers' 1; below 0 turns its preference round.
   * @defaultValue 1
   */
  readonly multiplier?: number;
}

/** What `filterScheduler()` is made of. */
export interface FilterSchedulerOptions {
  /**
   * Which filters a host must pass, in this order. Data, fit for a configuration file.
   * @defaultValue the built-in filters but `DedicatedHostsFilter`, your own before the last of them, `ResourceFilter`
   */
  readonly chain?: readonly ChainEntry[];
  /**
   * Filters of your own. Where there is a `chain`, it names each of them.
   * @defaultValue `[]`
   */
  readonly filters?: readonly Filter[];
  /**
   * What makes one host better than another: the sum of their weights, each times its multiplier. What a server's group
   * prefers counts more than packing.
   * @defaultValue `["PackingWeigher", { weigher: "ServerGroupWeigher", multiplier: 10 }]`
   */
  readonly weighers?: readonly WeigherEntry[];
}
