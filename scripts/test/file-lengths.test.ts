import { describe, expect, it } from "vitest";
import { sourceFiles } from "../sources.ts";

const longest = 500;

/** A generated table says so in its first lines. */
const isGenerated = (text: string): boolean => /generated/i.test(text.split("\n", 5).join("\n"));

describe("our files", () => {
  it(`have at most ${longest} lines each, generated tables aside`, () => {
    const tooLong = sourceFiles("*.ts", "*.mjs", "*.js", "*.sh", ".ci/run")
      .filter(({ text }) => !isGenerated(text))
      .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
      .filter(({ lines }) => lines > longest);
    expect(tooLong).toEqual([]);
  });
});
