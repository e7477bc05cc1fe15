import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { migrate } from "../../src/cli/migrate.ts";
import { systemClock } from "../../src/clock/system-clock.ts";
import { migrationNames, requireSchema } from "../../src/database/migrations/migrate.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { newDatabase } from "../support/databases.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** What it prints for an empty database. */
const told = [...migrationNames.map((name) => `applied ${name}`), "The schema is of this version now.", ""].join("\n");

/** What the command printed, noted and returned. */
async function said(...args: string[]) {
  let printed = "";
  let noted = "";
  const code = await migrate(args, { print: (text) => (printed += text), note: (text) => (noted += text) });
  return { code, printed, noted };
}

describe.each(["sqlite", "postgres"] as const)("cloudhost-migrate on %s", (dialect) => {
  it("brings a schema to this version, and leaves one that is there as it is", async () => {
    const database = await newDatabase(dialect, closers);
    expect(await said(database)).toEqual({
      code: 0,
      printed: told,
      noted: "",
    });
    expect(await said(database)).toEqual({ code: 0, printed: "The schema is of this version already.\n", noted: "" });
    await using opened = await openDatabase({ database, clock: systemClock() });
    await expect(requireSchema(opened)).resolves.toBeUndefined();
  });

  it("keeps tables of another prefix apart", async () => {
    const database = await newDatabase(dialect, closers);
    expect(await said(database, "--table-prefix", "acme_", "--json")).toEqual({
      code: 0,
      printed: `${JSON.stringify({ applied: migrationNames })}\n`,
      noted: "",
    });
    await using opened = await openDatabase({ database, clock: systemClock() });
    await expect(requireSchema(opened)).rejects.toMatchObject({ code: "VERSION_MISMATCH" });
    expect(await said(database, "--json")).toMatchObject({
      code: 0,
      printed: `${JSON.stringify({ applied: migrationNames })}\n`,
    });
  });

  it("refuses a database of a newer version", async () => {
    const database = await newDatabase(dialect, closers);
    await said(database);
    {
      await using opened = await openDatabase({ database, clock: systemClock() });
      await opened.write("schema_versions").insert({ name: "9999-from-the-future" });
    }
    expect(await said(database)).toEqual({
      code: 1,
      printed: "",
      noted: `The database is of a newer version of cloudhost than this one. (found 9999-from-the-future, this version knows ${migrationNames.at(-1)})\n`,
    });
  });
});

describe("cloudhost-migrate", () => {
  it("says in a sentence what is wrong, without a password", async () => {
    const unreachable = await said("postgres://owner:secret@127.0.0.1:1/cloud");
    expect(unreachable.code).toBe(1);
    expect(unreachable.noted).toMatch(/^The database server does not answer\. \(.+\)\n$/);
    expect(unreachable.noted).not.toContain("secret");
    const folder = await mkdtemp(join(tmpdir(), "cloudhost-migrate-"));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, "letter.txt");
    await writeFile(file, "Dear database,".repeat(1000));
    expect((await said(`sqlite:${file}`)).noted).toBe(`${file} cannot be opened as a SQLite database.\n`);
    const failed = await said("mysql://db/cloud", "--json");
    expect(JSON.parse(failed.noted)).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(failed.code).toBe(1);
  });

  it.each([[], ["a", "b"], ["--force", "sqlite:x"], ["sqlite:x", "--table-prefix"]])(
    "explains itself when it does not understand %j",
    async (...args) => {
      const { code, printed, noted } = await said(...args);
      expect({ code, printed }).toEqual({ code: 2, printed: "" });
      expect(noted).toContain("cloudhost-migrate DATABASE [--table-prefix PREFIX]");
    },
  );

  it("has help", async () => {
    const { code, printed } = await said("--help");
    expect(code).toBe(0);
    expect(printed).toContain("Exit codes: 0");
  });

  it("is a command", async () => {
    const command = fileURLToPath(new URL("../../bin/cloudhost-migrate.js", import.meta.url));
    const database = await newDatabase("sqlite", closers);
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, ["--conditions=@cloudhost/source", command, database]);
    expect(stdout).toBe(told);
    const failed = run(process.execPath, ["--conditions=@cloudhost/source", command]);
    await expect(failed).rejects.toMatchObject({ code: 2 });
  });
});
