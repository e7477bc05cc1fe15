import type { Weigher } from "@cloudhost/core/ports";
import type { BuiltInWeigherName } from "../options.ts";
import { packingWeigher } from "./packing-weigher.ts";

/** The weighers that come with the scheduler. */
export const builtInWeighers: Readonly<Record<BuiltInWeigherName, Weigher>> = { PackingWeigher: packingWeigher };
