/**
 * Ties are broken by the request's seed: the same request on the same fleet gets the same answer, whatever the order in
 * which the hosts came, and two requests that run at once are rarely drawn to the same host of many alike ones.
 */

/** 32 bits of a text (FNV-1a, its bits mixed once more). Computed once a host and once a request. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Where a host stands among its equals for this request: hosts are in a ring by their hashes, which is gone round from
 * the request's on. So it is found without looking at all of them.
 */
export const tieOf = (seedHash: number, hostHash: number): number => (hostHash - seedHash) >>> 0;
