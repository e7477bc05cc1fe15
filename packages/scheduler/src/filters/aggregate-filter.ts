import { defineFilter } from "@cloudhost/core/ports";
import { ofHost } from "./capabilities-filter.ts";

/**
 * Keeps the hosts of which an aggregate says what the server's flavor requires, property by property. What is asked of
 * the host itself, CapabilitiesFilter looks at.
 */
export const aggregateFilter = defineFilter({
  name: "AggregateFilter",
  reads: { request: ["requires"], host: ["properties"] },
  check: ({ requires }, { properties }) => {
    for (const name in requires) {
      if (name.startsWith(ofHost)) continue;
      const has = Object.hasOwn(properties, name) ? properties[name]! : [];
      const need = requires[name]!;
      if (!has.includes(need)) {
        return { need: `${name}=${need}`, have: has.length === 0 ? `no ${name}` : `${name}=${has.join(",")}` };
      }
    }
    return true;
  },
});
