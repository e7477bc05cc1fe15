/**
 * A whole cloud for a product's own tests: fake hosts, real everything else, virtual time. Works in any test runner.
 *
 * @packageDocumentation
 */
export { createTestCloud } from "./create-test-cloud.ts";
export type { TestCloud } from "./create-test-cloud.ts";
export { amy, olga } from "./furnish.ts";
export type { TestCloudOptions } from "./options.ts";
