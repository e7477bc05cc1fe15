import type { Weigher } from "@cloudhost/core/ports";
import type { BuiltInWeigherName } from "../options.ts";
import { leftoverShapeWeigher } from "./leftover-shape-weigher.ts";
import { packingWeigher } from "./packing-weigher.ts";
import { serverGroupWeigher } from "./server-group-weigher.ts";
import { spreadWeigher } from "./spread-weigher.ts";

/** The weighers that come with the scheduler. */
export const builtInWeighers: Readonly<Record<BuiltInWeigherName, Weigher>> = {
  PackingWeigher: packingWeigher,
  SpreadWeigher: spreadWeigher,
  LeftoverShapeWeigher: leftoverShapeWeigher,
  ServerGroupWeigher: serverGroupWeigher,
};
