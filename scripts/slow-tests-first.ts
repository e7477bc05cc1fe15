import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";

/** Test files that take longer than their size tells. Whatever begins last leaves the other workers without work. */
const slow = [
  "/image-store/test/conformance.test.ts",
  "/quickstart/test/quickstart.test.ts",
  "/integration/test/crash-sample.test.ts",
  "/driver-fake/test/conformance.test.ts",
  "/driver-fake/test/mutants/",
  "/image-store/test/crash/kill.test.ts",
  "/scripts/test/documentation.test.ts",
  "/integration/test/actions-sample.test.ts",
];

/** The slow ones first, then as vitest has it: the largest first, or those that took longest on this machine. */
export class SlowTestsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- it is the sequencer's own
    const sorted = await super.sort(files);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

const isSlow = ({ moduleId }: TestSpecification): boolean => slow.some((part) => moduleId.includes(part));
