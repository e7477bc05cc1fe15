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
 * @param read authorises, parses what it is given, and reads: what the caller said, with the cursor of a later page
 * @param input what the caller said, not parsed yet
 */
export function listing<Input extends { readonly after?: string | undefined }, Item extends { readonly id: string }>(
  read: (input: Input) => Promise<{ readonly items: readonly Item[]; readonly limit: number }>,
  input: Input,
): Listing<Item> {
  const page = async (at: Input): Promise<ListPage<Item>> => {
    const { items, limit } = await read(at);
    return { items, next: items.length < limit ? undefined : items.at(-1)?.id };
  };
  return {
    page: () => page(input),
    async *[Symbol.asyncIterator]() {
      let at = input;
      for (;;) {
        const { items, next } = await page(at);
        yield* items;
        if (next === undefined) return;
        at = { ...input, after: next };
      }
    },
  };
}
