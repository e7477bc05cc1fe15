import { relative } from "node:path";

/** As it would be typed here. */
export function shortPath(path: string): string {
  const here = relative(process.cwd(), path);
  return here === "" || here.startsWith("..") ? path : here;
}
