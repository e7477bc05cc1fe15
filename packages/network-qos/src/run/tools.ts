import type { RunCommand } from "./command.ts";

/** The programs that the driver runs, how each tells its version, and Debian's package of each. */
const tools = [
  { program: "ip", version: "-V", package: "iproute2" },
  { program: "tc", version: "-V", package: "iproute2" },
  { program: "ipset", version: "--version", package: "ipset" },
  { program: "iptables-save", version: "--version", package: "iptables" },
  { program: "iptables-restore", version: "--version", package: "iptables" },
  { program: "sysctl", version: "--version", package: "procps" },
  { program: "nsenter", version: "--version", package: "util-linux" },
  { program: "unshare", version: "--version", package: "util-linux" },
] as const;

/** The package that has a program, for the sentence that says what to install. */
export const packageOf = (program: string): string =>
  tools.find((tool) => tool.program === program)?.package ?? program;

/** Starts each tool once. @throws CloudHostError `DEPENDENCY_MISSING`, naming the package of the missing one */
export async function requireTools(run: RunCommand): Promise<void> {
  await Promise.all(tools.map(({ program, version }) => run({ argv: [program, version] })));
}
