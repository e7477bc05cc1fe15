import { emptyHostNetwork } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { hostModel } from "../../src/model.ts";
import { parseRules } from "../../src/rules/parse.ts";
import { planRuleRemoval, planRules } from "../../src/rules/plan.ts";
import { wantedRules } from "../../src/rules/state.ts";
import { facts } from "../open-subject.ts";

const wanted = wantedRules(hostModel(emptyHostNetwork, facts));
/** What `iptables-save` prints when all is as wanted, among rules of others. */
const saved = (change: (lines: string[]) => string[] = (lines) => lines): string =>
  (["mangle", "filter"] as const)
    .map((table) => {
      const chains = [...wanted.values()].filter((chain) => chain.table === table);
      const rules = chains.flatMap((chain) => chain.rules.map(({ text }) => text));
      const own = chains.filter((chain) => chain.own).map(({ name }) => `:${name} - [0:0]`);
      return [`*${table}`, ":FORWARD ACCEPT [12:3456]", ...own, ...change(rules), "COMMIT"].join("\n");
    })
    .join("\n");

describe("planning rules", () => {
  it("writes nothing when our rules stand among those of others", () => {
    const among = saved((rules) => ["-A FORWARD -p tcp -j ACCEPT", ...rules, "-A DOCKER-USER -j RETURN"]);
    expect(planRules(parseRules(among), wanted)).toEqual([]);
  });

  it("reads hashes and not texts, which other versions write otherwise", () => {
    const otherwise = saved((rules) => rules.map((rule) => rule.replace("-p udp -m udp", "-p 17").replaceAll('"', "")));
    expect(planRules(parseRules(otherwise), wanted)).toEqual([]);
  });

  it("puts only what is missing before the rules of others", () => {
    const jump = wanted.get("filter INPUT")?.rules[0]?.text ?? "";
    const without = saved((rules) => rules.filter((rule) => rule !== jump));
    expect(planRules(parseRules(without), wanted)).toEqual([
      "*filter",
      jump.replace("-A INPUT", "-I INPUT 1"),
      "COMMIT",
    ]);
  });

  it("writes a chain of ours anew when somebody else's rule is in it", () => {
    const lines = planRules(parseRules(saved((rules) => ["-A cloudhost-input -j ACCEPT", ...rules])), wanted);
    expect(lines.slice(0, 2)).toEqual(
      ["*mangle", ":cloudhost-mark - [0:0]"].with(0, "*filter").with(1, ":cloudhost-input - [0:0]"),
    );
    expect(lines).toHaveLength(7);
  });

  it("takes away a rule of ours that is there twice, or is of an older version", () => {
    const jump = wanted.get("filter INPUT")?.rules[0]?.text ?? "";
    const old = '-A OUTPUT -o chbr0 -m comment --comment "cloudhost:0123456789ab" -j DROP';
    const lines = planRules(
      parseRules(saved((rules) => [...rules, ...(rules.includes(jump) ? [jump, old] : [])])),
      wanted,
    );
    expect(lines).toEqual(["*filter", `-D${jump.slice(2)}`, `-D${old.slice(2)}`, "COMMIT"]);
  });

  it("has the same number of rules for any number of servers", () => {
    expect([...wanted.values()].flatMap(({ rules }) => rules)).toHaveLength(17);
  });
});

describe("removing rules", () => {
  it("takes away ours alone", () => {
    const lines = planRuleRemoval(parseRules(saved((rules) => ["-A FORWARD -p tcp -j ACCEPT", ...rules])));
    expect(lines.filter((line) => line.startsWith("-X"))).toEqual([
      "-X cloudhost-mark",
      "-X cloudhost-forward",
      "-X cloudhost-input",
    ]);
    expect(lines.some((line) => line.includes("-p tcp -j ACCEPT"))).toBe(false);
  });

  it("is nothing where none is", () => {
    expect(planRuleRemoval(parseRules("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n"))).toEqual([]);
  });
});
