import type { z } from "zod";
import { cursorOf, fingerprintOf, positionOf } from "../lists/cursor.ts";
import type { SortOrder } from "../lists/page-by.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import { parseInput } from "../parse.ts";
import type { Caller, Scope } from "./caller.ts";
import type { ReadPermission } from "./permissions.ts";

/** One page of a list. */
export interface ListPage<Item> {
  readonly items: readonly Item[];
  /** Pass it as `after` for the next page; `undefined` after the last one. */
  readonly next: string | undefined;
}

/**
 * A list: read it whole with `for await`, page by page in the background, or take one page.
 *
 * What is there all the while that a list is read comes once, whatever is made and deleted meanwhile. Text is sorted by
 * its characters' codes, upper case before lower, on every database.
 * @example
 * for await (const server of album.servers.list({ tags: { role: "web" }, sort: "name" })) console.log(server.name);
 * @example
 * const { items, next } = await album.servers.list({ limit: 20 }).page();
 * const second = await album.servers.list({ limit: 20, after: next }).page();
 */
export interface Listing<Item> extends AsyncIterable<Item> {
  /**
   * The page that the list's own `limit` and `after` say.
   * @throws CloudHostError `INVALID_ARGUMENT` also for an `after` of another list
   */
  page(): Promise<ListPage<Item>>;
}

/** What every list is asked with; its filters beside it. */
interface Asked {
  readonly limit: number;
  readonly after?: string | undefined;
  readonly sort: string;
  readonly order: SortOrder;
}

/** A list: who may read it, and what can be asked of it. */
export interface ListDefinition<Parsed extends Asked> {
  readonly permission: ReadPermission;
  readonly schema: z.ZodType<Parsed>;
  /** What the input is called when it does not fit: "a list of servers". */
  readonly what: string;
}

/**
 * A list over what gives one part of it behind a position.
 * @param input what the caller said, not parsed yet
 * @param read what of the list holds what was asked for, for a caller who may read it
 */
export function listing<Parsed extends Asked, Item>(
  caller: Caller,
  { permission, schema, what }: ListDefinition<Parsed>,
  input: unknown,
  read: (scope: Scope, where: Omit<Parsed, keyof Asked>, part: SliceRequest<Parsed["sort"]>) => Promise<Slice<Item>>,
): Listing<Item> {
  const page = async (at: unknown): Promise<ListPage<Item>> => {
    const scope = await caller.may(permission);
    const { limit, after, sort, order, ...where } = parseInput(schema, at, what);
    const fingerprint = fingerprintOf({ permission, project: scope.project?.id, sort, order, where });
    const position = after === undefined ? undefined : positionOf(fingerprint, after);
    const { items, next } = await read(scope, where, { limit, sort, order, after: position });
    return { items, next: next === undefined ? undefined : cursorOf(fingerprint, next) };
  };
  return {
    page: () => page(input),
    async *[Symbol.asyncIterator]() {
      let at = input;
      for (;;) {
        const { items, next } = await page(at);
        yield* items;
        if (next === undefined) return;
        at = { ...(input as object), after: next };
      }
    },
  };
}
