import { z } from "zod";

/** `asc`: the oldest, the first of the alphabet or the smallest first. `desc`: the other way round. */
export const SortOrder = z.enum(["asc", "desc"]);
export type SortOrder = z.infer<typeof SortOrder>;

/**
 * How a list is cut into pages and in which order it comes; `extend` it with what is asked of its items.
 * @param sorts what it can be sorted by, the default first
 */
export const pageBy = <const Sorts extends readonly [string, ...string[]]>(sorts: Sorts) =>
  z.strictObject({
    /** Items of a page, 1 to 1,000. @defaultValue 100 */
    limit: z.int().min(1).max(1000).default(100),
    /** `next` of the page before, of the same list asked for in the same way. @defaultValue the first page */
    after: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,2048}$/, "not a cursor: pass `next` of the page before")
      .optional(),
    sort: z.enum(sorts).default(sorts[0]),
    order: SortOrder.default("asc"),
  });
