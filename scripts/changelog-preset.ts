/** What a changelog is made of, as conventional-changelog hands it to its presets. */
interface Commit {
  readonly subject?: string | null;
  readonly notes: readonly { readonly text: string }[];
}
interface Release {
  readonly version: string;
  readonly date?: string;
  readonly commitGroups: readonly { readonly commits: readonly Commit[] }[];
}

/**
 * How lerna makes versions and changelogs here: each commit's subject is a line, and a commit that makes users change
 * something says so below `BREAKING CHANGE:` in its message. That one raises the major version (while that is 0, the
 * minor one), every other the patch version.
 */
export default function changelogPreset(): object {
  return {
    parser: { headerPattern: /^(.+)$/, headerCorrespondence: ["subject"], noteKeywords: ["BREAKING CHANGE"] },
    writer: { template: changelogEntry },
    whatBump(commits: readonly Commit[]) {
      const breaking = commits.filter(({ notes }) => notes.length > 0).length;
      return { level: breaking > 0 ? 0 : 2, reason: `${commits.length} commits, ${breaking} of them breaking` };
    },
  };
}

function changelogEntry({ version, date, commitGroups }: Release): string {
  const commits = commitGroups.flatMap((group) => group.commits);
  const notes = commits.flatMap((commit) => commit.notes.map(({ text }) => text));
  const subjects = commits.flatMap(({ subject }) => subject ?? []);
  return [
    `## ${version}${date === undefined ? "" : ` (${date})`}`,
    ...section("### You will have to change something", notes),
    ...section("### Changes", subjects),
    "",
  ].join("\n\n");
}

const section = (heading: string, texts: readonly string[]): string[] =>
  texts.length === 0 ? [] : [heading, texts.map((text) => `- ${text.replaceAll("\n", "\n  ")}`).join("\n")];
