import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverActions } from "@cloudhost/core";
import { describe, expect, inject, it } from "vitest";
import { sharedDatabase } from "../../../../scripts/shared-postgres.ts";
import { ActionTally, runActions } from "../../src/index.ts";

/** A shard does its part of the actions. */
const [, shards = 1] = (process.env["CLOUDHOST_CRASH_SHARD"] ?? "1/1").split("/").map(Number);
/** Repeats one run, with the seed that a failure printed. */
const given = process.env["CLOUDHOST_ACTIONS_SEED"];

const runsOfDatabase = given === undefined ? Math.ceil(10 / shards) : 1;
const actionsOfRun = 500;

describe.each(["sqlite", "postgres"] as const)("random actions on %s", (dialect) => {
  it("end as a simple model says, whatever goes wrong meanwhile", async () => {
    const tally = new ActionTally();
    const beganMs = performance.now();
    for (let run = 0; run < runsOfDatabase; run += 1) {
      const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
      const folder = await mkdtemp(join(tmpdir(), "cloudhost-actions-"));
      try {
        const database =
          dialect === "sqlite"
            ? `sqlite:${join(folder, "cloud.db")}?synchronous=off`
            : await sharedDatabase(inject("postgresShare"), `actions_${randomUUID().replaceAll("-", "")}`);
        tally.add(await runActions({ seed, actions: actionsOfRun, folder, database }));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
    const seconds = (performance.now() - beganMs) / 1000;
    const actions = runsOfDatabase * actionsOfRun;
    process.stdout.write(
      `${dialect}: ${actions} actions, ${(actions / seconds).toFixed(1)} a second\n${tally.summary()}\n`,
    );
    const seldom = Object.keys(serverActions).filter((action) => {
      const { allowed = 0, refused = 0 } = tally.actions.get(action) ?? {};
      return allowed === 0 || refused === 0;
    });
    // A part of the actions need not meet each of them.
    expect(runsOfDatabase < 10 ? [] : seldom).toEqual([]);
  });
});
