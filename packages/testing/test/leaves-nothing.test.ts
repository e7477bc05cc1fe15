import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let temporary: string;
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "cloudhost-testing-test-"));
});
afterEach(() => rm(temporary, { recursive: true, force: true }));

/** Runs a program that uses the package as its users do, in a process of its own. */
async function run(program: string, environment: NodeJS.ProcessEnv = {}) {
  const { CLOUDHOST_SEED: _, ...inherited } = process.env;
  return promisify(execFile)("node", ["--conditions=@cloudhost/source", `programs/${program}.ts`], {
    cwd: import.meta.dirname,
    env: { ...inherited, TMPDIR: temporary, ...environment },
    timeout: 25_000,
  });
}

describe("a process that used test clouds", () => {
  it("ends by itself, leaves no file, and has said its seed once", async () => {
    const { stdout, stderr } = await run("two-clouds");
    const seed = /^true (\d+)\n$/.exec(stdout)?.[1];
    expect(stderr).toBe(`Test clouds of this process repeat themselves with CLOUDHOST_SEED=${seed}\n`);
    expect(await readdir(temporary)).toEqual([]);
  });

  it("has left nothing of a cloud that did not open, and says nothing of a seed that it was given", async () => {
    const { stdout, stderr } = await run("refused", { CLOUDHOST_SEED: "1" });
    expect(stdout).toMatch(/^CONFLICT .*c1\.e1/);
    expect(stderr).toBe("");
    expect(await readdir(temporary)).toEqual([]);
  });
});
