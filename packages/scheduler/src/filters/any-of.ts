import type { Filter, Refusal } from "@cloudhost/core/ports";

/** One filter of several: it keeps a host that any of them keeps, and tells what each of them missed. */
export function anyOf(filters: readonly Filter[]): Filter {
  const reads = filters.map((filter) => filter.reads);
  return Object.freeze({
    name: filters.map(({ name }) => name).join(" or "),
    reads: {
      request: [...new Set(reads.flatMap(({ request }) => request))],
      host: [...new Set(reads.flatMap(({ host }) => host))],
    },
    check: (request, host) => {
      const refusals: Refusal[] = [];
      for (const filter of filters) {
        const verdict = filter.check(request, host);
        if (verdict === true) return true;
        refusals.push(verdict);
      }
      return together(refusals);
    },
  } satisfies Filter);
}

/** What all of them miss, in words: no one number would say it. */
const together = (refusals: readonly Refusal[]): Refusal => ({
  need: refusals.map(({ need, ...of }) => inWords(need, of)).join(" or "),
  have: refusals.map(({ have, ...of }) => inWords(have, of)).join(" and "),
});

const inWords = (amount: number | string, { unit, resource }: Pick<Refusal, "unit" | "resource">): string =>
  [amount, unit, resource].filter((part) => part !== undefined).join(" ");
