import type { Filter, Weigher } from "@cloudhost/core/ports";
import type { BuiltInFilterName } from "./filters/catalogue.ts";
import type { BuiltInWeigherName } from "./weighers/catalogue.ts";

/** Keeps the built-in names in an editor's list where any other name is taken too. */
type OwnName = string & Record<never, never>;

/** A filter of the chain: its name, or an object with its name and its parameters. */
export type ChainEntry =
  | BuiltInFilterName
  | OwnName
  | { readonly filter: BuiltInFilterName | OwnName; readonly [parameter: string]: unknown };

/** A weigher: a built-in one's name, one of your own, or either with its multiplier. */
export type WeigherEntry =
  | BuiltInWeigherName
  | Weigher
  | {
      readonly weigher: BuiltInWeigherName | Weigher;
      /**
       * How much it counts beside the others; below 0 turns its preference round.
       * @defaultValue 1
       */
      readonly multiplier?: number;
    };

/** What `filterScheduler()` is made of. */
export interface FilterSchedulerOptions {
  /**
   * Which filters a host must pass, in this order. Data, fit for a configuration file.
   * @defaultValue the built-in filters, your own before the last of them, `ResourceFilter`
   */
  readonly chain?: readonly ChainEntry[];
  /**
   * Filters of your own. Where there is a `chain`, it names each of them.
   * @defaultValue `[]`
   */
  readonly filters?: readonly Filter[];
  /**
   * What makes one host better than another: the sum of their weights, each times its multiplier.
   * @defaultValue `["PackingWeigher"]`
   */
  readonly weighers?: readonly WeigherEntry[];
}
