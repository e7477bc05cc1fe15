/**
 * Places servers: a chain of filters, weighers, and a view of the fleet. Takes values and returns values.
 *
 * @packageDocumentation
 */
export type { BuiltInFilterName } from "./filters/catalogue.ts";
export { filterScheduler } from "./filter-scheduler.ts";
export type { ChainEntry, FilterSchedulerOptions, WeigherEntry } from "./options.ts";
export type { BuiltInWeigherName } from "./weighers/catalogue.ts";
