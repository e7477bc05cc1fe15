import { z } from "zod";

/** What an image is called in a store: core uses its id (`img_…`), people what they like. */
export const ImageName = z
  .string()
  .regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/, "not 1 to 128 letters, digits, dots, underscores and dashes");

/**
 * A name as the last segment of a key. Keys, and some file systems, know no capital letters: which letters are capital
 * stands behind the name, as the bits of a number in hexadecimal. `Debian-12` is `debian-12.1`.
 */
export function segmentOfName(name: string): string {
  let capitals = 0n;
  for (let at = 0; at < name.length; at += 1) if (/[A-Z]/.test(name.charAt(at))) capitals |= 1n << BigInt(at);
  return `${name.toLowerCase()}.${capitals.toString(16)}`;
}

/** The inverse of {@link segmentOfName}; `undefined` for what is none of its results. */
export function nameOfSegment(segment: string): string | undefined {
  const [, lower, digits] = /^([a-z0-9._-]{1,128})\.([0-9a-f]{1,32})$/.exec(segment) ?? [];
  if (lower === undefined || digits === undefined) return undefined;
  const capitals = BigInt(`0x${digits}`);
  const isCapital = (at: number): boolean => ((capitals >> BigInt(at)) & 1n) === 1n;
  const letters = Array.from(lower, (letter, at) => (isCapital(at) ? letter.toUpperCase() : letter));
  const name = letters.join("");
  return segmentOfName(name) === segment ? name : undefined;
}
