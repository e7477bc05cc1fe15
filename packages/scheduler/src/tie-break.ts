/**
 * Ties are broken by the request's seed: the same request on the same fleet gets the same answer, whatever the order in
 * which the hosts came, and two requests that run at once are not drawn to the same host of many alike ones.
 */

/** 32 bits of a text (FNV-1a). Computed once a host and once a request. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** Where a host stands among its equals for this request: 32 bits, of which each depends on all of both hashes. */
export function tieOf(seedHash: number, hostHash: number): number {
  let mixed = seedHash ^ hostHash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
