import { builtInResources, defineFilter, type PlacementRequest } from "@cloudhost/core/ports";
import { memo } from "../memo.ts";

const builtIn: ReadonlySet<string> = new Set(builtInResources);

/** What the request wants of resources that the product declared. */
const declaredNeeds = memo((resources: PlacementRequest["resources"]): readonly (readonly [string, number])[] =>
  Object.entries<number>(resources).filter(([name, need]) => !builtIn.has(name) && need > 0),
);

/**
 * Keeps the hosts with enough of every resource that the product declared (GPUs, licences), so that one for which
 * nobody wrote a filter is not oversold either. A resource that a host does not report, it has none of.
 */
export const resourceFilter = defineFilter({
  name: "ResourceFilter",
  reads: { request: ["resources"], host: ["free"] },
  check: (request, host) => {
    for (const [resource, need] of declaredNeeds(request.resources)) {
      const have = (host.free as Readonly<Record<string, number>>)[resource] ?? 0;
      if (have < need) return { need, have, resource };
    }
    return true;
  },
});
