/**
 * A host's machine: whether it can run guests, and what it lacks.
 *
 * @packageDocumentation
 */
export { examine } from "./doctor/examine.ts";
export type { ExamineOptions } from "./doctor/examine.ts";
export type { Finding } from "./doctor/finding.ts";
export type { Machine, Ran } from "./doctor/machine.ts";
