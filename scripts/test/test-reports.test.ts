import { describe, expect, it } from "vitest";
import { failures, notBegun, type TestReport, wronglySkipped } from "../test-reports.ts";

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

  it("tell which tests failed, and why", () => {
    const assertionResults = [
      { fullName: "opens", status: "passed" },
      { fullName: "closes", status: "failed", failureMessages: ["expected 1 to be 2"] },
    ];
    const failed = { ...report, testResults: [{ name: "/a/door.test.ts", status: "failed", assertionResults }] };
    expect(failures(failed)).toEqual(["/a/door.test.ts: closes\nexpected 1 to be 2"]);
    expect(failures(report)).toEqual([]);
  });

  it("tell of skipped tests, unless their file may skip", () => {
    const allowed = [{ file: String.raw`conformance\.test\.ts$`, why: "capabilities" }];
    expect(wronglySkipped(report, allowed)).toEqual(["/a/image.test.ts: reads qcow2"]);
    expect(wronglySkipped(report, [])).toHaveLength(2);
  });
});
