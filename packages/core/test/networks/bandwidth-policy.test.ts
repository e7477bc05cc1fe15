import { expect, it } from "vitest";
import { defaultBandwidthPolicy } from "../../src/networks/bandwidth-policy.ts";
import { Bandwidth } from "../../src/ports/network-driver.ts";

it("gives 8 Mbit/s of internal bandwidth an EUCU, four times that to borrow, and the external one that was bought", () => {
  expect(defaultBandwidthPolicy({ milliEcu: 4000, externalKbit: 10_000 })).toEqual({
    internal: { rateKbit: 32_000, ceilKbit: 128_000 },
    external: { rateKbit: 10_000, ceilKbit: 10_000 },
  });
  expect(defaultBandwidthPolicy({ milliEcu: 1000, externalKbit: 0 }).external).toBeNull();
});

it("gives what the reference fleet shows: 345 EUCU use about 2,720 Mbit/s", () => {
  const { internal } = defaultBandwidthPolicy({ milliEcu: 345_000, externalKbit: 0 });
  expect(Math.abs(internal.rateKbit - 2_720_000)).toBeLessThan(50_000);
});

it("gives a bandwidth that drivers take, however small the server", () => {
  const { internal } = defaultBandwidthPolicy({ milliEcu: 0, externalKbit: 1 });
  expect(Bandwidth.safeParse(internal).success).toBe(true);
});
