import type { SortOrder } from "./page-by.ts";

/** Where a page of a list ended: the last item's place in the list's order. */
export interface Position {
  /** What the list is sorted by, of that item. */
  readonly key: string | number;
  readonly id: string;
}

/** Which part of a list a store is to read. */
export interface SliceRequest<Sort extends string = string> {
  readonly limit: number;
  readonly sort: Sort;
  /** @defaultValue `"asc"` */
  readonly order?: SortOrder | undefined;
  /** Only what comes behind it. */
  readonly after?: Position | undefined;
}

/** A part of a list, as a store read it. */
export interface Slice<Item> {
  readonly items: readonly Item[];
  /** Where it ended, when more comes behind it. */
  readonly next: Position | undefined;
}

/** The same part of the list with its items as others see them. */
export const sliceOf = <Row, Item>({ items, next }: Slice<Row>, itemOf: (row: Row) => Item): Slice<Item> => ({
  items: items.map(itemOf),
  next,
});
