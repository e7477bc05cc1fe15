import { isCloudHostError } from "@cloudhost/core";

/** A whole list. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** `undefined` for what is not there yet. */
export function unlessMissing(error: unknown): undefined {
  if (!isCloudHostError(error, "NOT_FOUND")) throw error;
}
