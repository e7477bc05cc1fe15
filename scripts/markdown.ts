/** A fenced block of a Markdown text. */
export interface Block {
  /** `ts`, `text`, `sh`. */
  readonly language: string;
  /** What stands behind the language: a file's name makes a block a whole program, which our tests compile. */
  readonly file: string | undefined;
  readonly text: string;
  /** What stands between it and the block before. */
  readonly before: string;
}

const fence = /^```(\w*)[ \t]*(\S*)\n([\s\S]*?)^```$/gm;

/** The fenced blocks, in order. */
export function blocksOf(markdown: string): readonly Block[] {
  let end = 0;
  return Array.from(markdown.matchAll(fence), (match) => {
    const [whole, language = "", file = "", text = ""] = match;
    const before = markdown.slice(end, match.index);
    end = match.index + whole.length;
    return { language, file: file === "" ? undefined : file, text, before };
  });
}

/** A program in a text, and what the text says that it prints. */
export interface Program {
  readonly file: string;
  readonly text: string;
  readonly prints: string | undefined;
}

/**
 * The whole programs of a text: blocks of TypeScript with a file's name, of which those with one name belong together.
 * A block behind "prints:" is the output of the program before it.
 */
export function programsOf(markdown: string): readonly Program[] {
  const blocks = blocksOf(markdown);
  const programs = new Map<string, Program>();
  for (const [index, { language, file, text }] of blocks.entries()) {
    if (language !== "ts" || file === undefined) continue;
    const next = blocks[index + 1];
    const prints = next?.language === "text" && next.before.trimEnd().endsWith("prints:") ? next.text : undefined;
    const begun = programs.get(file)?.text;
    programs.set(file, { file, text: begun === undefined ? text : `${begun}\n${text}`, prints });
  }
  return [...programs.values()];
}

/** The texts of the headings of one level, in order. */
export const headingsOf = (markdown: string, level: number): readonly string[] =>
  Array.from(markdown.replaceAll(fence, "").matchAll(new RegExp(`^#{${level}} (.+)$`, "gm")), ([, text = ""]) => text);

/** Where its links lead that lead into the repository, without their anchors. */
export const relativeLinksOf = (markdown: string): readonly string[] =>
  Array.from(
    markdown.replaceAll(fence, "").matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g),
    ([, target = ""]) => target,
  ).filter((target) => !/^[a-z]+:/.test(target));
