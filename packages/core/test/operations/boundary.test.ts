import { describe, expect, it } from "vitest";
import { boundariesOf } from "../../src/operations/boundary.ts";
import { operationBoundaries, operationDefinitions } from "../../src/operations/module.ts";

describe("boundariesOf", () => {
  it("names every point between two effects, in either direction", () => {
    const effect = async (): Promise<void> => {};
    const steps = [
      { type: "decide", name: "place", run: () => ({}) },
      { type: "record", name: "claim", write: () => [] },
      { type: "act", name: "network", run: effect, undo: effect },
      { type: "act", name: "start", run: effect },
    ] as const;
    expect(boundariesOf({ kind: "server.test", steps, pointOfNoReturn: 4 })).toEqual([
      "server.test submitted",
      "server.test do network: begun",
      "server.test do network: done",
      "server.test do start: begun",
      "server.test do start: done",
      "server.test do end",
      "server.test undo network: begun",
      "server.test undo network: done",
      "server.test undo end",
    ]);
  });
});

describe("the registered operations", () => {
  it("have a kind each, and step names that are their own", () => {
    const kinds = operationDefinitions.map(({ kind }) => kind);
    expect(new Set(kinds).size).toBe(kinds.length);
    for (const { steps } of operationDefinitions) {
      const names = steps.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("have boundaries that no other has", () => {
    expect(new Set(operationBoundaries).size).toBe(operationBoundaries.length);
    expect(operationBoundaries).toContain("server.create do guest: done");
    expect(operationBoundaries).toContain("image.snapshot undo freeze: begun");
    expect(operationBoundaries).not.toContain("server.delete undo guest: begun");
  });
});
