/**
 * Tests that need several packages: the crash harness and its checker.
 *
 * @packageDocumentation
 */
export * from "./actions/run-actions.ts";
export * from "./actions/tally.ts";
export * from "./checker/checker.ts";
export * from "./checker/finding.ts";
export * from "./checker/store.ts";
export * from "./checker/check-images.ts";
export * from "./checker/check-store.ts";
export * from "./crash/case-database.ts";
export * from "./crash/child-task.ts";
export * from "./crash/cloud-folder.ts";
export * from "./crash/harness.ts";
export * from "./crash/scenario.ts";
export * from "./crash/scenarios.ts";
export * from "./crash/recover.ts";
export * from "./crash/run-child.ts";
export * from "./crash/run-kills.ts";
