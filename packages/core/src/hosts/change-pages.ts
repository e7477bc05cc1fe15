/** So many changes go in one command: some 200 KiB as JSON. */
export const changesAPage = 500;

/** The list in pages, in order; an empty list is one empty page. */
export function pagesOf<T>(list: readonly T[], size: number): T[][] {
  const pages: T[][] = [list.slice(0, size)];
  for (let from = size; from < list.length; from += size) pages.push(list.slice(from, from + size));
  return pages;
}
