import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { killSummary, runKills, sqliteCase } from "../src/index.ts";

/** A few of all kills; the seed picks which, and is printed. `npm run test:crash` makes every one. */
const seed = Number(process.env["CLOUDHOST_CRASH_SEED"] ?? Math.floor(Math.random() * 1000));
const every = 8;

it("ends as it should when it is killed at some of its boundaries", { timeout: 240_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "cloudhost-crash-"));
  try {
    const report = await runKills({
      folder,
      database: async () => sqliteCase(),
      only: ["server.create", "image.snapshot"],
      picks: (_, index) => (index + seed) % every === 0,
    });
    process.stdout.write(`CLOUDHOST_CRASH_SEED=${seed}\n${killSummary(report)}\n`);
    expect(report.outcomes.length).toBeGreaterThan(3);
    expect(report.outcomes.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
