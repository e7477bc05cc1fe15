import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { describe, expect, inject, it } from "vitest";
import { migratedDatabase, sharedDatabase } from "../../../scripts/shared-postgres.ts";
import { amy, createTestCloud } from "../src/index.ts";

async function schemasOf(url: string): Promise<string[]> {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ nspname: string }>(
      "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%' AND nspname NOT IN ('public', 'information_schema')",
    );
    return rows.map(({ nspname }) => nspname);
  } finally {
    await client.end();
  }
}

describe("a test cloud on PostgreSQL", () => {
  it("has a schema of its own, and leaves none", async () => {
    const database = await sharedDatabase(inject("postgresShare"), `t_${randomUUID().replaceAll("-", "")}`);
    {
      await using one = await createTestCloud({ hosts: 1, database });
      await using other = await createTestCloud({ hosts: 1, database });
      const album = one.as(amy);
      await (await album.servers.create({ name: "web-1", flavor: "c1.e1", image: "debian-12" })).result();
      expect((await album.servers.list().page()).items).toMatchObject([{ name: "web-1", state: "active" }]);
      expect((await other.as(amy).servers.list().page()).items).toEqual([]);
      expect(await schemasOf(database)).toHaveLength(2);
    }
    expect(await schemasOf(database)).toEqual([]);
  });

  it("uses a database as it is where that is said, and leaves it so", async () => {
    const database = await migratedDatabase(inject("postgresShare"), `t_${randomUUID().replaceAll("-", "")}`);
    const options = { hosts: 1, database, ownSchema: false };
    const server = { name: "web-1", flavor: "c1.e1", image: "debian-12" };
    const cloud = await createTestCloud(options);
    await (await cloud.as(amy).servers.create(server)).result();
    expect(await schemasOf(database)).toEqual([]);
    await cloud.close();
    const client = new Client(database);
    await client.connect();
    const { rows } = await client.query("SELECT name, state FROM servers");
    await client.end();
    expect(rows).toEqual([{ name: "web-1", state: "active" }]);
  });

  it("says that the server does not answer", async () => {
    const database = "postgres://nobody@127.0.0.1:1/nothing";
    await expect(createTestCloud({ database })).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
      details: { host: "127.0.0.1:1" },
    });
  });
});
