import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { operationBoundaries } from "@cloudhost/core";
import { agentBoundaries } from "@cloudhost/core/agent";
import { describe, expect, inject, it } from "vitest";
import { sharedDatabase } from "../../../../scripts/shared-postgres.ts";
import { killSummary, postgresCase, runKills, sqliteCase } from "../../src/index.ts";

/** `CLOUDHOST_CRASH_SHARD=2/4` makes every fourth kill, beginning with the second. */
const [shard = 1, shards = 1] = (process.env["CLOUDHOST_CRASH_SHARD"] ?? "1/1").split("/").map(Number);
/** Each kill is appended to this file as it was made, and what came of it: a run of all takes long. */
const reportFile = process.env["CLOUDHOST_CRASH_REPORT"];

describe.each(["sqlite", "postgres"] as const)("every operation on %s", (dialect) => {
  it("ends as it should, with nothing left over, wherever it is killed", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cloudhost-crash-"));
    try {
      const report = await runKills({
        folder,
        database: async () =>
          dialect === "sqlite"
            ? sqliteCase()
            : postgresCase(await sharedDatabase(inject("postgresShare"), `crash_${randomUUID().replaceAll("-", "")}`)),
        picks: (_, index) => index % shards === shard - 1,
        made: (outcome) => {
          if (reportFile !== undefined) appendFileSync(reportFile, `${JSON.stringify(outcome)}\n`);
        },
      });
      process.stdout.write(`${killSummary(report)}\n`);
      expect(report.outcomes.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
      const made = report.outcomes.filter(({ killed }) => killed > 0);
      const killed = new Set((shards === 1 ? made : report.possible).map(({ boundary }) => boundary));
      const reachable = [...operationBoundaries, ...agentBoundaries];
      expect(reachable.filter((boundary) => !killed.has(boundary))).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
