import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./workspace.ts";

/** A file of the repository. */
export interface SourceFile {
  /** From the root. */
  readonly path: string;
  readonly text: string;
}

/**
 * The files that git knows or would take up, under these paths and with these ends.
 * @param pathspecs as git has them: `*` also stands for folders
 */
export function sourceFiles(...pathspecs: string[]): readonly SourceFile[] {
  const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", ...pathspecs], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
  });
  return [...new Set(list.split("\0"))]
    .filter((path) => path !== "" && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}
