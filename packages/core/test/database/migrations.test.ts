import { expect, it } from "vitest";
import { migrateDatabase, requireSchema } from "../../src/database/migrations/migrate.ts";
import { overDatabases } from "../support/databases.ts";

overDatabases((open) => {
  it("leaves a schema that is there as it is", async () => {
    const database = await open();
    expect(await migrateDatabase(database)).toEqual({ applied: [] });
    await expect(requireSchema(database)).resolves.toBeUndefined();
  });

  it("refuses a database of a newer version", async () => {
    const database = await open();
    await database.write("schema_versions").insert({ name: "9999-from-the-future" });
    const newer = { code: "VERSION_MISMATCH", details: { found: "9999-from-the-future" } };
    await expect(migrateDatabase(database)).rejects.toMatchObject(newer);
    await expect(requireSchema(database)).rejects.toMatchObject(newer);
  });

  it("refuses an older schema where it may not migrate", async () => {
    const database = await open();
    await database.write("schema_versions").del();
    await expect(requireSchema(database)).rejects.toMatchObject({ code: "VERSION_MISMATCH" });
  });
});
