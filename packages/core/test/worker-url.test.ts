import { describe, expect, it } from "vitest";
import { workerUrl } from "../src/worker-url.ts";

describe("workerUrl", () => {
  it("points at the source when the source imports it", () => {
    expect(workerUrl("file:///repo/src/agent/thread.ts", "./worker").href).toBe("file:///repo/src/agent/worker.ts");
  });

  it("points at the build when the build imports it", () => {
    expect(workerUrl("file:///repo/dist/agent/thread.js", "../worker").href).toBe("file:///repo/dist/worker.js");
  });

  it("ignores the query that a bundler adds to the importing module", () => {
    expect(workerUrl("file:///repo/src/thread.ts?t=1", "./worker").href).toBe("file:///repo/src/worker.ts");
  });
});
