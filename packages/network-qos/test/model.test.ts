import { networkOf, sampleBinding } from "@cloudhost/conformance";
import { describe, expect, it } from "vitest";
import { covers, networkOf as networkOfAddress } from "../src/addresses.ts";
import { hostModel } from "../src/model.ts";
import { facts } from "./open-subject.ts";

describe("a host's model", () => {
  it("knows the tenants of addresses here and elsewhere, and the way to those elsewhere", () => {
    const here = sampleBinding(1, { tenant: 7 });
    const model = hostModel(networkOf([here], [{ address: "10.98.9.9", tenant: 7, via: "172.20.0.2" }]), facts);
    expect([...model.tenants]).toEqual([
      [here.address, 7],
      ["10.98.9.9", 7],
    ]);
    expect([...model.routes]).toEqual([["10.98.9.9", "172.20.0.2"]]);
  });

  it("has an address here that has a tap here, whatever is said of where it was", () => {
    const moved = sampleBinding(1, { tenant: 7 });
    const model = hostModel(networkOf([moved], [{ address: moved.address, tenant: 6, via: "172.20.0.2" }]), facts);
    expect(model.tenants.get(moved.address)).toBe(7);
    expect(model.routes.size).toBe(0);
  });

  it("counts a guests' network as internal where the options do not", () => {
    const elsewhere = sampleBinding(1, { address: "198.51.100.77", gateway: "198.51.100.1", prefixLength: 25 });
    const model = hostModel(networkOf([elsewhere, sampleBinding(2)]), facts);
    expect(model.internalNetworks).toEqual([...facts.options.internalNetworks, "198.51.100.0/25"]);
  });

  it("has a gateway for each network", () => {
    const other = sampleBinding(2, { address: "10.99.0.2", gateway: "10.99.0.1", prefixLength: 24 });
    expect([...hostModel(networkOf([sampleBinding(1), other, sampleBinding(3)]), facts).gateways]).toEqual([
      "10.98.255.1/16",
      "10.99.0.1/24",
    ]);
  });
});

describe("addresses", () => {
  it("have a network", () => {
    expect(networkOfAddress("10.255.3.4/9")).toBe("10.128.0.0/9");
    expect(networkOfAddress("255.255.255.255/32")).toBe("255.255.255.255/32");
    expect(networkOfAddress("200.1.2.3/0")).toBe("0.0.0.0/0");
  });

  it("are covered by wider networks", () => {
    expect(covers("10.0.0.0/8", "10.1.0.0/16")).toBe(true);
    expect(covers("10.1.0.0/16", "10.0.0.0/8")).toBe(false);
    expect(covers("0.0.0.0/0", "240.0.0.0/4")).toBe(true);
    expect(covers("192.168.0.0/16", "192.169.0.0/16")).toBe(false);
  });
});
