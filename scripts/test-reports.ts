/** What we read of vitest's JSON report. */
export interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly TestFileReport[];
}

/** One file's part of it. */
export interface TestFileReport {
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly {
    readonly fullName: string;
    readonly status: string;
    readonly failureMessages?: readonly string[];
  }[];
}

/** A file whose tests may be skipped, and why: part of its path as a regular expression. */
export interface AllowedSkip {
  readonly file: string;
  readonly why: string;
}

/** Files whose tests could not begin, for instance because an import failed. Vitest counts no failed test for them. */
export const notBegun = ({ testResults }: TestReport): readonly string[] =>
  testResults
    .filter(({ status, assertionResults }) => status === "failed" && assertionResults.length === 0)
    .map(({ name }) => name);

/** Tests that failed, each with what it says of why. */
export const failures = ({ testResults }: TestReport): readonly string[] =>
  testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages = [] }) => `${name}: ${fullName}\n${failureMessages.join("\n")}`),
  );

/** Tests that were skipped where nothing may be missing. */
export const wronglySkipped = ({ testResults }: TestReport, allowed: readonly AllowedSkip[]): readonly string[] =>
  testResults
    .filter(({ name }) => !allowed.some(({ file }) => new RegExp(file).test(name)))
    .flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === "skipped" || status === "pending")
        .map(({ fullName }) => `${name}: ${fullName}`),
    );
