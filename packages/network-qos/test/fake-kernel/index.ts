import { FakeLinks } from "./links.ts";
import { Refusal } from "./refusal.ts";
import { FakeRules, FakeSets } from "./tables.ts";
import { FakeTc } from "./tc.ts";
import type { Command, CommandResult, RunCommand } from "../../src/run/command.ts";

/**
 * A host without a kernel: understands the lines that we write, refuses what a kernel would refuse, and prints what the
 * tools print. It can be stopped after any line, as by a kill.
 */
export class FakeKernel {
  readonly links = new FakeLinks();
  readonly sets = new FakeSets();
  readonly rules = new FakeRules();
  readonly tc = new FakeTc((name) => this.links.links.has(name));
  readonly settings = new Map<string, string>();
  /** Lines that it still takes before it fails; `undefined`: all. */
  linesLeft: number | undefined;

  readonly run: RunCommand = async ({ argv, input }) => {
    if (argv.join(" ") === "tc -force -batch -") return this.#shown(input ?? "");
    try {
      return { exitCode: 0, stdout: this.#answer({ argv, ...(input === undefined ? {} : { input }) }), stderr: "" };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { exitCode: 1, stdout: "", stderr: error.message } satisfies CommandResult;
    }
  };

  /** All that is there, to be compared. */
  picture(): unknown {
    const devices = [...this.links.links.keys()];
    return {
      links: JSON.parse(this.links.showLinks().replaceAll(/"ifindex":\d+,/g, "")) as unknown,
      routes: [...this.links.routes].toSorted(byKey),
      sets: Array.from(this.sets.sets, ([name, entries]) => [name, [...entries].toSorted(byKey)]),
      rules: this.rules.save(),
      tc: devices.flatMap((device) =>
        ["class show", "filter show", "filter show ingress"].map((query) => {
          const [object = "", , place = ""] = query.split(" ");
          return this.tc.show(`${object} show dev ${device} ${place}`.trim()).split("\n").toSorted();
        }),
      ),
    };
  }

  #answer({ argv, input = "" }: Command): string {
    const lines = input.split("\n").filter((line) => line !== "");
    switch (argv.join(" ")) {
      case "ip -batch -":
        return this.#each(lines, (line) => {
          this.links.run(line);
          this.tc.forget();
        });
      case "ip -j -d address show":
        return this.links.showLinks();
      case "ip -j -4 route show proto 199":
        return this.links.showRoutes();
      case "ipset -exist restore":
        return this.#each(lines, (line) => this.sets.run(line, (set) => this.rules.names(set)));
      case "iptables-restore --noflush -w 5":
        return this.#each(
          lines,
          () => {},
          () => this.rules.restore(lines, (set) => this.sets.sets.has(set)),
        );
      case "iptables-save":
        return this.rules.save();
      case "sysctl -q -p -":
        return this.#each(lines, (line) => {
          const [key = "", value = ""] = line.split(" = ");
          this.settings.set(key, value);
        });
      case "tc -batch -":
        return this.#each(lines, (line) => this.tc.run(line));
      default:
        return this.#named(argv);
    }
  }

  /** What is not there is said on stderr, and the rest is shown. */
  #shown(input: string): CommandResult {
    let stdout = "";
    let stderr = "";
    for (const [index, line] of input.trimEnd().split("\n").entries()) {
      const absent = this.tc.absent(line);
      if (absent === undefined) stdout += this.tc.show(line);
      else stderr += `Cannot find ${absent}\nCommand failed -:${index + 1}\n`;
    }
    return { exitCode: stderr === "" ? 0 : 1, stdout, stderr };
  }

  #named([program, verb, ...rest]: Command["argv"]): string {
    if (verb === "-V" || verb === "--version") return `${program} 1.0\n`;
    if (program === "ipset" && verb === "save") {
      const saved = this.sets.save(rest[0] ?? "");
      if (saved === undefined) throw new Refusal("The set with the given name does not exist");
      return saved;
    }
    if (program === "sysctl" && verb === "-e") {
      return rest.flatMap((key) => (this.settings.has(key) ? [`${key} = ${this.settings.get(key)}\n`] : [])).join("");
    }
    throw new Error(`nobody taught me ${[program, verb, ...rest].join(" ")}`);
  }

  #each(lines: readonly string[], take: (line: string) => void, atEnd: () => void = () => {}): string {
    for (const line of lines) {
      if (this.linesLeft !== undefined && this.linesLeft-- <= 0) throw new Refusal("killed");
      take(line);
    }
    atEnd();
    return "";
  }
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
