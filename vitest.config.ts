import { existsSync, statfsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { SlowTestsFirst } from "./scripts/slow-tests-first.ts";

// Clouds of tests start threads by the dozen, from sources whose types are stripped anew each time without this.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "node_modules/.cache/cloudhost-compiled");

/** Where a file is on the disk as soon as it is written: most tests write with care for what outlives a crash. */
const memory = "/dev/shm";
const roomyBytes = 4 * 2 ** 30;
const inMemory = roomIn(memory) >= roomyBytes ? { TMPDIR: memory } : {};

function roomIn(folder: string): number {
  if (!existsSync(folder)) return 0;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

const hostTests = ["packages/*/test/**/*.host.test.ts", "examples/*/test/**/*.host.test.ts"];
const crashTests = ["packages/integration/test/crash/**/*.crash.test.ts"];

/**
 * Tests without root that take seconds. Files run one after another in the process of a worker, with its modules: to load
 * them anew for each took a third of all the time. A test that changes what outlives it (an environment variable, a spy)
 * puts it back.
 */
const brief = { env: inMemory, isolate: false, testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  resolve: { conditions: ["@cloudhost/source"] },
  ssr: { resolve: { conditions: ["@cloudhost/source"] } },
  test: {
    globalSetup: "./scripts/shared-postgres.ts",
    sequence: { sequencer: SlowTestsFirst },
    // One would be left to vitest itself; but on two cores that is half of them, and tests wait a lot.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/*/test/**/*.test.ts", "examples/*/test/**/*.test.ts", "scripts/test/**/*.test.ts"],
          exclude: [...hostTests, ...crashTests, "**/conformance.test.ts", "**/node_modules/**"],
          ...brief,
        },
      },
      {
        extends: true,
        test: {
          name: "conformance",
          include: ["packages/*/test/**/conformance.test.ts"],
          ...brief,
        },
      },
      {
        extends: true,
        test: { name: "host", include: hostTests, testTimeout: 180_000, hookTimeout: 180_000, fileParallelism: false },
      },
      {
        extends: true,
        // Every kill of every operation takes an hour of two cores.
        test: { name: "crash", include: crashTests, env: inMemory, testTimeout: 7_200_000, hookTimeout: 120_000 },
      },
    ],
  },
});
