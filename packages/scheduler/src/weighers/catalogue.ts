import type { Weigher } from "@cloudhost/core/ports";
import { packingWeigher } from "./packing-weigher.ts";

/** The weighers that come with the scheduler, by name. */
export const builtInWeighers = { PackingWeigher: packingWeigher } as const satisfies Record<string, Weigher>;

/** A key of {@link builtInWeighers}. */
export type BuiltInWeigherName = keyof typeof builtInWeighers;
