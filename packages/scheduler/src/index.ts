/**
 * Places servers: a chain of filters, weighers, and a view of the fleet. Takes values and returns values.
 *
 * @packageDocumentation
 */
export { filterScheduler } from "./filter-scheduler.ts";
export type {
  BuiltInFilterName,
  BuiltInWeigherName,
  ChainAlternatives,
  ChainEntry,
  ChainEntryWithParameters,
  CountedWeigher,
  FilterName,
  FilterSchedulerOptions,
  WeigherEntry,
} from "./options.ts";
