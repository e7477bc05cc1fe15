import { networkOf, sampleBinding } from "@cloudhost/conformance";
import { emptyHostNetwork } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { deleteLinks, planAttachedTaps, planLinks, planUnwantedLinks } from "../../src/links/plan.ts";
import { wantedLinks } from "../../src/links/state.ts";
import { hostModel } from "../../src/model.ts";
import { facts } from "../open-subject.ts";
import type { LinkState } from "../../src/links/state.ts";

const links = (...args: Parameters<typeof networkOf>): LinkState => wantedLinks(hostModel(networkOf(...args), facts));
const nothing: LinkState = { bridge: "absent", gateways: new Set(), shapers: new Map(), taps: new Map() };
const binding = sampleBinding(1);

describe("planning links", () => {
  it("makes a bridge that nobody else is on, and taps that are not on it yet", () => {
    const lines = planLinks("chbr0", nothing, links([binding]));
    expect(lines.slice(0, 3)).toEqual([
      "link add name chbr0 address 02:63:68:00:00:01 type bridge mcast_snooping 0",
      "link set dev chbr0 up",
      "address add 10.98.255.1/16 dev chbr0",
    ]);
    expect(lines.at(-1)).toBe(`tuntap add dev ${binding.tap} mode tap`);
    expect(lines.some((line) => line.includes("master"))).toBe(false);
  });

  it("attaches a tap isolated before it is up", () => {
    expect(planAttachedTaps("chbr0", nothing, links([binding]))).toEqual([
      `link set dev ${binding.tap} alias ${binding.serverId}/${binding.mac}/${binding.address} group default master chbr0`,
      `link set dev ${binding.tap} type bridge_slave isolated on`,
      `link set dev ${binding.tap} up`,
    ]);
  });

  it("takes away what nobody wants", () => {
    const other = sampleBinding(2);
    expect(planUnwantedLinks(links([binding, other]), links([other]))).toEqual([`link del dev ${binding.tap}`]);
  });

  it("takes the gateway away with the last server of its network", () => {
    expect(planLinks("chbr0", links([binding]), wantedLinks(hostModel(emptyHostNetwork, facts)))).toEqual([
      "address del 10.98.255.1/16 dev chbr0",
    ]);
  });

  it("has no shapers where nothing is shaped", () => {
    const unshaped = wantedLinks(hostModel(emptyHostNetwork, { ...facts, capacity: undefined }));
    expect(planLinks("chbr0", nothing, unshaped)).toHaveLength(2);
    expect(planUnwantedLinks(links([]), unshaped).at(-1)).toMatch(/^link del group /);
  });

  it("deletes several links at once", () => {
    expect(deleteLinks([])).toEqual([]);
    expect(deleteLinks(["a"])).toEqual(["link del dev a"]);
    expect(deleteLinks(["a", "b"])).toEqual([
      "link set dev a group 6514689",
      "link set dev b group 6514689",
      "link del group 6514689",
    ]);
  });
});
