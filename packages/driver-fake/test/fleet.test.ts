import { systemClock } from "@cloudhost/core/ports";
import type { HostConfig } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { fakeFleet, fakeHost, FakeHostOptions, referenceFleet } from "../src/index.ts";
import { contextOf, openCompute, openNetwork } from "./open.ts";

const optionsOf = ({ compute }: HostConfig): FakeHostOptions => FakeHostOptions.parse(compute.options);

describe("fakeFleet", () => {
  it("mixes CPU models and uplinks, in each zone too", () => {
    const hosts = fakeFleet({ hosts: 4, zones: ["az-1", "az-2"] });
    const shown = hosts.map((config) => {
      const { cpu, internalKbit } = optionsOf(config);
      return [config.name, config.zone, cpu.model.includes("Xeon") ? "Intel" : "AMD", internalKbit];
    });
    expect(shown).toEqual([
      ["host-1", "az-1", "Intel", 1_000_000],
      ["host-2", "az-2", "AMD", 10_000_000],
      ["host-3", "az-1", "AMD", 10_000_000],
      ["host-4", "az-2", "Intel", 1_000_000],
    ]);
  });

  it("is data: it survives a file", () => {
    const fleet = fakeFleet({ hosts: 2, state: "./somewhere" });
    expect(JSON.parse(JSON.stringify(fleet))).toEqual(fleet);
    expect(optionsOf(fleet[0] as HostConfig).state).toMatch(/^\/.*\/somewhere$/);
  });

  it("makes each fleet in memory a world of its own", () => {
    const worlds = [fakeFleet(), fakeFleet()].map(([first]) => optionsOf(first as HostConfig).world);
    expect(new Set(worlds).size).toBe(2);
  });

  it("gives each host an address of its own", () => {
    const addresses = fakeFleet({ hosts: 600 }).map((config) => optionsOf(config).internalAddress);
    expect(new Set(addresses).size).toBe(600);
  });

  it("refuses a CPU model without a figure, and says where", () => {
    const unknown = { name: "host-1", cpu: { model: "Z80", cores: 1 } };
    expect(() => fakeHost(unknown)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        details: { issues: [expect.objectContaining({ path: "cpu.milliEcuPerCore" })] },
      }),
    );
  });
});

describe("a fake host's inventory", () => {
  it("adds up to the published fleet", async () => {
    const inventories = await Promise.all(
      referenceFleet().map(async (config) => {
        const context = contextOf(config, systemClock());
        await using compute = await openCompute(config, context);
        await using network = await openNetwork(config, context);
        return { ...(await compute.inventory()), ...(await network.inventory()) };
      }),
    );
    const sum = (amount: (inventory: (typeof inventories)[number]) => number): number =>
      inventories.reduce((total, inventory) => total + amount(inventory), 0);
    expect(sum(({ guestCores, milliEcuPerCore }) => guestCores * milliEcuPerCore)).toBe(720_000);
    expect(Math.round(sum(({ memoryMib }) => memoryMib) / 1024)).toBe(757);
    expect(sum(({ diskGib }) => diskGib)).toBe(8244);
    expect(sum(({ internalKbit }) => internalKbit)).toBe(6_000_000);
    expect(sum(({ externalKbit }) => externalKbit)).toBe(3_000_000);
  });

  it("shows a stated figure of an unknown model as an estimate", async () => {
    const config = fakeHost({ name: "host-1", cpu: { model: "Z80", cores: 3, milliEcuPerCore: 10 } });
    await using compute = await openCompute(config, contextOf(config, systemClock()));
    expect(await compute.inventory()).toMatchObject({ guestCores: 2, milliEcuPerCore: 10, milliEcuEstimated: true });
  });

  it("has the countable resources that it was given", async () => {
    const [config] = fakeFleet({ hosts: 1, resources: { gpu: 4 } });
    await using compute = await openCompute(config as HostConfig, contextOf(config as HostConfig, systemClock()));
    expect((await compute.inventory()).resources).toEqual({ gpu: 4 });
  });

  it("offers no bandwidth where nothing shapes it", async () => {
    const config = fakeHost({ name: "host-1", capabilities: { shaping: false }, internalAddress: "198.18.0.9" });
    await using network = await openNetwork(config, contextOf(config, systemClock()));
    expect(await network.inventory()).toEqual({ internalKbit: 0, externalKbit: 0, internalAddress: "198.18.0.9" });
  });
});
