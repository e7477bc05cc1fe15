import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../workspace.ts";

const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

function run(program: string, ...args: string[]) {
  return spawnSync(program, args, { cwd: root, encoding: "utf8" });
}

describe("the commands of the repository", () => {
  it.each(["quickstart", "test", "test:crash", "test:host", "check", "bench", "docs", "release"])(
    "npm run %s is there, and asks for a Node that is new enough first",
    (name) => {
      expect(scripts[name]).toBeDefined();
      expect(scripts[`pre${name}`]).toBe("node scripts/check-node.mjs");
    },
  );

  it("run on the project's own Node, whatever started npm", () => {
    const path = process.env["PATH"]?.replaceAll(`${join(root, "node_modules/.bin")}:`, "");
    const { stdout } = spawnSync("npm", ["exec", "--offline", "--call", "node --version"], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, PATH: path },
    });
    expect(Number(/^v(\d+)/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(24);
  });

  it("tell in a sentence that Node is too old", () => {
    const old = `data:text/javascript,
      Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });`;
    const { status, stderr } = run("node", "--import", old, "scripts/check-node.mjs");
    expect(stderr).toMatch(/^cloudhost needs Node 24 or newer, and this is Node 20\.20\.2\. .*npm ci.*\n$/);
    expect(status).toBe(1);
  });

  it("list the benches when one is not there", () => {
    const { status, stderr, stdout } = run("node", "--conditions=@cloudhost/source", "bench/main.ts", "nothing");
    expect(stderr).toMatch(/^There is no bench nothing\. .*\bscheduler\b/);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  });
});
