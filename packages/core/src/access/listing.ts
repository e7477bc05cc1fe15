/** One page of a list. */
export interface ListPage<Item> {
  readonly items: readonly Item[];
  /** Pass it as `after` for the next page; `undefined` after the last one. */
  readonly next: string | undefined;
}

/**
 * A list: read it whole with `for await`, page by page in the background, or take one page.
 * @example
 * for await (const server of album.servers.list({ zone: "az-1" })) console.log(server.name);
 */
export interface Listing<Item> extends AsyncIterable<Item> {
  /** The page that the list's own `limit` and `after` say. */
  page(): Promise<ListPage<Item>>;
}

/**
 * A list over what gives one page behind a cursor.
 * @param read the items behind `after`, `limit` at most
 */
export function listing<Item extends { readonly id: string }>(
  read: (page: { readonly limit?: number | undefined; readonly after?: string | undefined }) => Promise<{
    readonly items: readonly Item[];
    readonly limit: number;
  }>,
  start: { readonly limit?: number | undefined; readonly after?: string | undefined },
): Listing<Item> {
  const page = async (after: string | undefined): Promise<ListPage<Item>> => {
    const { items, limit } = await read({ ...start, after });
    return { items, next: items.length < limit ? undefined : items.at(-1)?.id };
  };
  return {
    page: () => page(start.after),
    async *[Symbol.asyncIterator]() {
      let after = start.after;
      do {
        const { items, next } = await page(after);
        yield* items;
        after = next;
      } while (after !== undefined);
    },
  };
}
