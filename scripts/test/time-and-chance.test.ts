import ts from "typescript";
import { describe, expect, it } from "vitest";
import { sourceFiles } from "../sources.ts";

/**
 * Where a package may take time or chance from the machine, and why. Everywhere else they are given to it, so that
 * tests can drive and repeat them.
 */
const exceptions: Readonly<Record<string, string>> = {
  "packages/core/src/clock/system-clock.ts": "it is the machine's clock",
  "packages/core/src/database/":
    "leases and the watchdog of a transaction go by the database's time, never by a test's",
  "packages/core/src/agent/heartbeat-worker.ts": "a thread of its own, which nothing may hold up",
  "packages/image-store/src/host/holders.ts": "it renews a file's time, which the kernel sets when the file is new",
  "packages/integration/src/actions/ends.ts": "it waits for leases, which go by the database's time",
  "packages/integration/src/crash/recover.ts": "a cloud with the machine's clock has so long to end its operations",
  "packages/libvirt-rpc/src/": "it stands alone and has no clock to be given",
};

const properties = new Set(["Date.now", "Math.random", "performance.now"]);
const globals = new Set(["setTimeout", "setInterval"]);
const modules = new Set(["node:timers", "node:timers/promises", "timers", "timers/promises"]);

/** What this file takes from the machine: `Date.now`, `setTimeout`, `new Date()`. Comments and strings do not count. */
function takenFromMachine(path: string, text: string): string[] {
  const taken: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && properties.has(node.getText())) taken.push(node.getText());
    if (ts.isIdentifier(node) && globals.has(node.text) && !isMember(node)) taken.push(node.text);
    if (ts.isNewExpression(node) && node.expression.getText() === "Date" && (node.arguments ?? []).length === 0) {
      taken.push("new Date()");
    }
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      if (modules.has(node.moduleSpecifier.text)) taken.push(node.moduleSpecifier.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return taken;
}

const isMember = (node: ts.Identifier): boolean =>
  ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;

describe("time and chance", () => {
  const takers = sourceFiles("packages/*/src/**.ts")
    .map(({ path, text }) => ({ path, taken: takenFromMachine(path, text) }))
    .filter(({ taken }) => taken.length > 0);

  it("are given to our packages, not taken by them", () => {
    expect(takers.filter(({ path }) => !Object.keys(exceptions).some((place) => path.startsWith(place)))).toEqual([]);
  });

  it("are taken wherever an exception says so", () => {
    const unused = Object.keys(exceptions).filter((place) => !takers.some(({ path }) => path.startsWith(place)));
    expect(unused).toEqual([]);
  });

  it.each([
    ["const now = Date.now();", ["Date.now"]],
    ["setTimeout(() => {}, 10);", ["setTimeout"]],
    ['import { setTimeout as sleep } from "node:timers/promises";', ["setTimeout", "node:timers/promises"]],
    ["const random = options.random ?? Math.random;", ["Math.random"]],
    ["new Date()", ["new Date()"]],
    ["new Date(epochMs); clock.setTimeout(5); // not Date.now()", []],
  ])("are seen in %s", (text, expected) => {
    expect(takenFromMachine("example.ts", text).toSorted()).toEqual(expected.toSorted());
  });
});
