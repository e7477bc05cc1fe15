import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runActions } from "../src/index.ts";
import { ownPostgres } from "./services/over-databases.ts";
import { withFolder } from "./services/with-folder.ts";

/** A few actions; the seed decides which, and is printed when they fail. `npm run test:crash` makes 10,000. */
const seed = Number(process.env["CLOUDHOST_ACTIONS_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const actions = 24;

describe.each(["sqlite", "postgres"] as const)("some random actions on %s", (dialect) => {
  it("end as a simple model says", { timeout: 120_000 }, async () => {
    await withFolder(async (folder) => {
      const database =
        dialect === "sqlite" ? `sqlite:${join(folder, "cloud.db")}?synchronous=off` : await ownPostgres();
      const tally = await runActions({ seed, actions, folder, database });
      expect([...tally.actions.values()].reduce((sum, { allowed }) => sum + allowed, 0)).toBeGreaterThan(0);
    });
  });
});
