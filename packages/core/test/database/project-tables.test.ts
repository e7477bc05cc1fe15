import { expect, it } from "vitest";
import { projectContents, projectRecords } from "../../src/database/project-tables.ts";
import type { TableName } from "../../src/database/tables.ts";
import { overDatabases } from "../support/databases.ts";

overDatabases((open) => {
  it("says of every table with a project's rows what becomes of them when the project is deleted", async () => {
    const database = await open();
    const withProject = await Promise.all(
      Object.entries(database.tables).map(async ([name, table]) => {
        const columns = await database.write(table).columnInfo();
        return "project_id" in columns ? [name as TableName] : [];
      }),
    );
    const said = [...projectContents.map(({ table }) => table), ...(Object.keys(projectRecords) as TableName[])];
    expect(said.toSorted(byName)).toEqual(withProject.flat().toSorted(byName));
  });
});

const byName = (a: string, b: string): number => (a < b ? -1 : 1);
