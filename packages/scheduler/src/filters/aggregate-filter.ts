import { defineFilter } from "@cloudhost/core/ports";

/** Keeps the hosts of which an aggregate says what the server's flavor requires, property by property. */
export const aggregateFilter = defineFilter({
  name: "AggregateFilter",
  reads: { request: ["requires"], host: ["properties"] },
  check: ({ requires }, { properties }) => {
    for (const name in requires) {
      const has = properties[name] ?? [];
      const need = requires[name]!;
      if (!has.includes(need)) {
        return { need: `${name}=${need}`, have: has.length === 0 ? `no ${name}` : `${name}=${has.join(",")}` };
      }
    }
    return true;
  },
});
