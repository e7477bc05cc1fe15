import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseGuards } from "../../src/guards/parse.ts";
import { parseLinkNames, parseLinks } from "../../src/links/parse.ts";
import { hostModel } from "../../src/model.ts";
import { planHost } from "../../src/plan.ts";
import { parseRoutes } from "../../src/routes.ts";
import { parseRules } from "../../src/rules/parse.ts";
import { parseSets } from "../../src/sets/tenant-sets.ts";
import { parseSettings } from "../../src/settings.ts";
import { parseShaping } from "../../src/shaping/parse.ts";
import { wantedState } from "../../src/state.ts";
import { facts } from "../open-subject.ts";
import { recordedNetwork } from "./network.ts";
import type { HostState } from "../../src/state.ts";

const recorded = (file: string): string => readFileSync(join(import.meta.dirname, file), "utf8");
const model = hostModel(recordedNetwork, facts);

/** What each tool printed (iproute2 6.1, ipset 7.17, iptables 1.8.9 on nf_tables), and how it is read. */
const outputs: { [Part in keyof HostState]: { readonly text: string; parse(text: string): HostState[Part] } } = {
  links: { text: recorded("ip-address-show.json"), parse: (text) => parseLinks(text, "chbr0") },
  sets: { text: recorded("ipset-save.txt"), parse: parseSets },
  rules: { text: recorded("iptables-save.txt"), parse: parseRules },
  settings: { text: recorded("sysctl.txt"), parse: parseSettings },
  shaping: { text: recorded("tc-shaping.txt"), parse: (text) => parseShaping(model, text) },
  guards: { text: recorded("tc-guards.txt"), parse: parseGuards },
  routes: { text: recorded("ip-route-show.json"), parse: parseRoutes },
};
const parts = Object.keys(outputs) as (keyof HostState)[];
const stateOf = (text: (part: keyof HostState) => string): HostState =>
  Object.fromEntries(parts.map((part) => [part, outputs[part].parse(text(part))])) as unknown as HostState;

describe("what the tools print", () => {
  it("is read as what was written: nothing is left to do", () => {
    const present = stateOf((part) => outputs[part].text);
    expect(
      planHost(model, present, wantedState(model))
        .flat()
        .flatMap(({ lines }) => lines),
    ).toEqual([]);
  });

  it("tells the links that are not ours", () => {
    expect(parseLinkNames(outputs.links.text)).toEqual(expect.arrayContaining(["lo", "eth0", "eth1"]));
  });

  it.for(parts)("is read without a fault, whatever becomes of it: %s", (part) => {
    fc.assert(
      fc.property(damaged(outputs[part].text), (text) => {
        const present = { ...stateOf((each) => outputs[each].text), [part]: outputs[part].parse(text) };
        const lines = planHost(model, present, wantedState(model))
          .flat()
          .flatMap((batch) => batch.lines);
        expect(lines.every((line) => line !== "" && !line.includes("undefined") && !line.includes("NaN"))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it.for(parts)("is read without a fault when it is something else: %s", (part) => {
    fc.assert(fc.property(fc.string(), (text) => void outputs[part].parse(text)));
    for (const text of ["", "null", "[]", "[{}]", "[null]", "{}", '[{"ifname":1}]']) outputs[part].parse(text);
    expect(outputs[part].parse("")).toBeDefined();
  });
});

/** A text of which some lines are missing, doubled, cut or swapped for noise. */
function damaged(text: string): fc.Arbitrary<string> {
  const lines = text.split("\n");
  const wound = fc.record({
    at: fc.nat(lines.length - 1),
    kind: fc.constantFrom("gone", "doubled", "cut", "noise"),
    cut: fc.nat(60),
    noise: fc.string(),
  });
  return fc.array(wound, { minLength: 1, maxLength: 6 }).map((wounds) => {
    const left: string[] = [...lines];
    for (const { at, kind, cut, noise } of wounds) {
      const line = left[at] ?? "";
      if (kind === "gone") left[at] = "";
      else if (kind === "doubled") left[at] = `${line}\n${line}`;
      else left[at] = kind === "cut" ? line.slice(0, cut) : noise;
    }
    return left.join("\n");
  });
}
