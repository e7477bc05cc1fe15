import { describe, expect, it } from "vitest";
import { builtInColumns, quotaColumn, snakeCase } from "../../src/database/columns.ts";
import { tablesWith } from "../../src/database/tables.ts";
import { builtInResources } from "../../src/ports/host.ts";

describe("columns", () => {
  it("are the models' names in snake case", () => {
    expect(snakeCase("internalFloatingIps")).toBe("internal_floating_ips");
    expect(builtInColumns).toEqual(["milli_ecu", "memory_mib", "disk_gib", "internal_kbit", "external_kbit"]);
    expect(builtInColumns).toHaveLength(builtInResources.length);
    expect(quotaColumn("externalKbit", "limit")).toBe("external_kbit_limit");
    expect(quotaColumn("servers", "used")).toBe("servers_used");
  });
});

describe("tables", () => {
  it("have the prefix before each name", () => {
    const plain = tablesWith("");
    const prefixed = tablesWith("acme_");
    expect(plain.host_leases).toBe("host_leases");
    expect(Object.keys(prefixed)).toEqual(Object.keys(plain));
    for (const [name, table] of Object.entries(prefixed)) expect(table).toBe(`acme_${name}`);
  });
});
