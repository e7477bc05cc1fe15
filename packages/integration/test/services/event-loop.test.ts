import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { LoopReport } from "./children/loop.ts";
import { startChild } from "./children/start.ts";

/** How late a timer of 10 ms may be while 64 servers are created at once. */
const lateMostMs = 50;
const creates = 64;

/** Measures once, in a process that does nothing else, and says what it found. */
async function measure(store: "shipped" | "plain"): Promise<LoopReport> {
  const folder = await mkdtemp(join(tmpdir(), "cloudhost-loop-"));
  try {
    await using child = startChild<LoopReport>("loop", { folder, store, creates });
    const report = await child.said();
    process.stdout.write(`event loop, ${store} store: ${JSON.stringify(report)}\n`);
    expect(await child.ended).toEqual({ code: 0, stderr: "" });
    return report;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

it("is never held up while 64 servers are created at once", { timeout: 120_000 }, async () => {
  let best = Infinity;
  // Where other programs have the processors, a try may tell of them rather than of us.
  for (let attempt = 1; attempt <= 3 && best > lateMostMs; attempt += 1) {
    best = Math.min(best, (await measure("shipped")).worstOwnMs);
  }
  expect(best).toBeLessThanOrEqual(lateMostMs);
});

it("would be by the same over plain better-sqlite3 on the main thread", { timeout: 120_000 }, async () => {
  expect((await measure("plain")).worstOwnMs).toBeGreaterThan(lateMostMs);
});
