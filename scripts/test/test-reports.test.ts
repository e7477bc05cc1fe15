import { describe, expect, it } from "vitest";
import { notBegun, type TestReport, wronglySkipped } from "../test-reports.ts";

const report: TestReport = {
  numPassedTests: 1,
  numFailedTests: 0,
  testResults: [
    { name: "/a/broken.test.ts", status: "failed", assertionResults: [] },
    {
      name: "/a/image.test.ts",
      status: "passed",
      assertionResults: [
        { fullName: "reads raw", status: "passed" },
        { fullName: "reads qcow2", status: "skipped" },
      ],
    },
    {
      name: "/a/conformance.test.ts",
      status: "passed",
      assertionResults: [{ fullName: "resizes a running guest", status: "skipped" }],
    },
  ],
};

describe("a run's reports", () => {
  it("tell of files whose tests could not begin", () => {
    expect(notBegun(report)).toEqual(["/a/broken.test.ts"]);
  });

  it("tell of skipped tests, unless their file may skip", () => {
    const allowed = [{ file: String.raw`conformance\.test\.ts$`, why: "capabilities" }];
    expect(wronglySkipped(report, allowed)).toEqual(["/a/image.test.ts: reads qcow2"]);
    expect(wronglySkipped(report, [])).toHaveLength(2);
  });
});
