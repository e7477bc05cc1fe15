import type { Filter, HostView, PlacementRequest, Weigher } from "@cloudhost/core/ports";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { builtInFilters } from "../src/filters/catalogue.ts";
import { builtInWeighers } from "../src/weighers/catalogue.ts";
import { arbitraryHost, arbitraryRequest } from "./arbitraries.ts";

const nested = new Set(["resources", "image", "free", "total"]);

/** The same object, which notes each field that is read of it: `zone`, `free.milliEcu`. */
function noting<T extends object>(object: T, read: Set<string>, prefix = ""): T {
  return new Proxy(object, {
    get(target, key, receiver) {
      const value: unknown = Reflect.get(target, key, receiver);
      if (typeof key === "symbol") return value;
      if (nested.has(key) && prefix === "") return noting(value as object, read, `${key}.`);
      read.add(prefix + key);
      return value;
    },
    ownKeys(target) {
      read.add(prefix.slice(0, -1));
      return Reflect.ownKeys(target);
    },
  });
}

/** Fields read that are not declared, neither by themselves nor with all their siblings. */
function undeclared(read: ReadonlySet<string>, reads: readonly string[]): string[] {
  const declared = reads.map((field) => (field === "membership" ? "id" : field));
  return [...read].filter((field) => !declared.includes(field) && !declared.includes(field.split(".")[0] ?? field));
}

const rules: readonly (readonly [string, Filter | Weigher])[] = [
  ...Object.entries(builtInFilters).map(([name, recipe]) => [name, recipe.parse({})] as const),
  ...Object.entries(builtInWeighers),
];

describe("what a cached result depends on", () => {
  it.each(rules)("%s bears its name and reads nothing that it does not declare", (name, rule) => {
    expect(rule.name).toBe(name);
    const ask = (request: PlacementRequest, host: HostView) =>
      "check" in rule ? rule.check(request, host) : rule.weigh(request, host);
    fc.assert(
      fc.property(arbitraryRequest, arbitraryHost, (request, host) => {
        const read = { request: new Set<string>(), host: new Set<string>() };
        ask(noting(request, read.request), noting(host, read.host));
        expect(undeclared(read.request, rule.reads.request)).toEqual([]);
        expect(undeclared(read.host, rule.reads.host)).toEqual([]);
      }),
    );
  });
});
