import { expect, it } from "vitest";
import { systemClock } from "../../src/clock/system-clock.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { migrateDatabase, requireSchema } from "../../src/database/migrations/migrate.ts";
import { overDatabases } from "../support/databases.ts";

overDatabases((open) => {
  it("leaves a schema that is there as it is", async () => {
    const database = await open();
    expect(await migrateDatabase(database)).toEqual({ applied: [] });
    await expect(requireSchema(database)).resolves.toBeUndefined();
  });

  it("is brought up to date once when two processes begin at the same time", async () => {
    const database = await open();
    await database.write.schema.dropTable("schema_versions");
    for (const table of Object.values(database.tables).toReversed()) {
      await database.write.raw(`DROP TABLE ${table} ${database.concurrentWriters ? "CASCADE" : ""}`);
    }
    if (database.concurrentWriters) await database.write.raw("DROP SEQUENCE fence");
    await using other = await openDatabase({ database: open.url(), clock: systemClock() });
    const applied = await Promise.all([migrateDatabase(database), migrateDatabase(other)]);
    const names = applied.flatMap((one) => one.applied);
    expect(names[0]).toBe("0001-initial");
    expect(names).toEqual([...new Set(names)].toSorted());
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
