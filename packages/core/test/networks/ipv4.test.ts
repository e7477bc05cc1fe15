import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressNumber, addressText, networkRange } from "../../src/networks/ipv4.ts";

describe("an IPv4 address", () => {
  it("is a number and back", () => {
    fc.assert(fc.property(fc.ipV4(), (address) => addressText(addressNumber(address)) === address));
    expect(addressNumber("255.255.255.255")).toBe(2 ** 32 - 1);
    expect(addressText(10 * 2 ** 24 + 1)).toBe("10.0.0.1");
  });
});

describe("networkRange", () => {
  it.each([
    ["10.0.0.0/16", "10.0.0.1", "10.0.0.2", "10.0.255.254"],
    ["192.168.8.0/29", "192.168.8.1", "192.168.8.2", "192.168.8.6"],
    ["10.1.2.3/24", "10.1.2.1", "10.1.2.2", "10.1.2.254"],
    ["200.0.0.0/8", "200.0.0.1", "200.0.0.2", "200.255.255.254"],
  ])(
    "of %s has its gateway first, and gives nobody the network's and the broadcast address",
    (cidr, gateway, first, last) => {
      const range = networkRange(cidr);
      expect(range.gateway).toBe(gateway);
      expect(addressText(range.firstAddress)).toBe(first);
      expect(addressText(range.lastAddress)).toBe(last);
      expect(range.prefixLength).toBe(Number(cidr.split("/")[1]));
    },
  );
});
