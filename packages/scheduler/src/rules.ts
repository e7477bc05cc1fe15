import { parseInput, type Filter, type Weigher } from "@cloudhost/core/ports";
import { z } from "zod";
import { anyOf } from "./filters/any-of.ts";
import { builtInFilters, defaultFilters, plain, type FilterRecipe } from "./filters/catalogue.ts";
import type { FilterSchedulerOptions } from "./options.ts";
import { builtInWeighers } from "./weighers/catalogue.ts";

/** What a scheduler decides by. */
export interface Rules {
  readonly filters: readonly Filter[];
  readonly weighers: readonly { readonly weigher: Weigher; readonly multiplier: number }[];
}

/**
 * The rules that the options name.
 * @throws CloudHostError `INVALID_ARGUMENT` with the path of each fault
 */
export const parseRules = (options: FilterSchedulerOptions): Rules =>
  parseInput(Options, options, "the options of filterScheduler()");

const weighersByName: ReadonlyMap<unknown, Weigher> = new Map(Object.entries(builtInWeighers));

const ownFilter = z.custom<Filter>((value) => isRule(value, "check"), "not a filter: make it with defineFilter()");

const oneFilter = z.looseObject({ filter: z.string() });
/** A filter, or several of which one must keep a host. */
type Link = z.output<typeof oneFilter> | readonly Link[];

const chainEntry: z.ZodType<Link> = z.lazy(() =>
  z.preprocess(
    (entry) => (typeof entry === "string" ? { filter: entry } : entry),
    z.unknown().transform((entry, context): Link => {
      const made = (Array.isArray(entry) ? alternatives : oneFilter).safeParse(entry);
      if (made.success) return made.data;
      for (const issue of made.error.issues) context.addIssue({ ...issue, code: "custom" });
      return z.NEVER;
    }),
  ),
);

const alternatives = z
  .tuple([z.literal("or", "the first of several is the word or")], chainEntry)
  .refine((entries) => entries.length > 2, "one of several filters: there must be two at least")
  .transform(([, ...entries]): Link => entries);

const weigher = z.preprocess(
  (value) => weighersByName.get(value) ?? value,
  z.custom<Weigher>((value) => isRule(value, "weigh"), {
    error: ({ input }) =>
      typeof input === "string"
        ? `there is no weigher ${input}: there is ${listOf(weighersByName.keys())}`
        : "not a weigher: make it with defineWeigher()",
  }),
);

const weigherEntry = z.preprocess(
  (entry) => (typeof entry === "string" || isRule(entry, "weigh") ? { weigher: entry } : entry),
  z.strictObject({ weigher, multiplier: z.number().default(1) }),
);

const Options = z
  .strictObject({
    filters: z.array(ownFilter).default([]),
    chain: z.array(chainEntry).min(1, "without a filter, servers would go to hosts that are down").optional(),
    weighers: z.array(weigherEntry).prefault(["PackingWeigher", { weigher: "ServerGroupWeigher", multiplier: 10 }]),
  })
  .transform(({ filters: own, chain = defaultChain(own), weighers }, context): Rules => {
    const fault = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: "custom", path, message });
    return { filters: resolveChain(chain, recipesWith(own, fault), fault), weighers };
  });

type Chain = readonly Link[];
type Fault = (path: (string | number)[], message: string) => void;

/** Your own come after the built-in ones, so that a slow one sees few hosts, and before the one that guards all. */
function defaultChain(own: readonly Filter[]): Chain {
  const builtIn = Object.keys(defaultFilters);
  const names = new Set([...builtIn.slice(0, -1), ...own.map(({ name }) => name), ...builtIn.slice(-1)]);
  return Array.from(names, (name) => ({ filter: name }));
}

interface Recipe {
  readonly make: FilterRecipe;
  /** Where it stands among the options, when it is of your own. */
  readonly ownIndex?: number;
}

function recipesWith(own: readonly Filter[], fault: Fault): ReadonlyMap<string, Recipe> {
  const recipes = new Map<string, Recipe>(Object.entries(builtInFilters).map(([name, make]) => [name, { make }]));
  for (const [ownIndex, filter] of own.entries()) {
    if (recipes.has(filter.name)) fault(["filters", ownIndex, "name"], `there is another filter ${filter.name}`);
    else recipes.set(filter.name, { make: plain(filter), ownIndex });
  }
  return recipes;
}

function resolveChain(chain: Chain, recipes: ReadonlyMap<string, Recipe>, fault: Fault): readonly Filter[] {
  const unused = new Map(recipes);
  const resolve = (link: Link, path: readonly (string | number)[]): readonly Filter[] => {
    // Behind the word `or`, the first has the index 1.
    if (isSeveral(link)) return [anyOf(link.flatMap((one, index) => resolve(one, [...path, index + 1])))];
    const { filter: name, ...parameters } = link;
    const recipe = recipes.get(name);
    if (recipe === undefined) {
      fault([...path], `there is no filter ${name}: there is ${listOf(recipes.keys())}`);
      return [];
    }
    if (!unused.delete(name)) fault([...path], `${name} stands in the chain twice`);
    const made = recipe.make.safeParse(parameters);
    for (const issue of made.error?.issues ?? []) fault([...path, ...issue.path.map(String)], issue.message);
    return made.success ? [made.data] : [];
  };
  const filters = chain.flatMap((link, index) => resolve(link, ["chain", index]));
  for (const [name, { ownIndex }] of unused) {
    if (ownIndex !== undefined) fault(["filters", ownIndex], `${name} does not stand in the chain`);
  }
  return filters;
}

const isSeveral = (link: Link): link is readonly Link[] => Array.isArray(link);

function isRule(value: unknown, method: "check" | "weigh"): boolean {
  if (typeof value !== "object" || value === null) return false;
  const rule = value as Readonly<Record<string, unknown>>;
  return typeof rule["name"] === "string" && typeof rule["reads"] === "object" && typeof rule[method] === "function";
}

const listOf = (names: Iterable<unknown>): string => [...names].join(", ");
