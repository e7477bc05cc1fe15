import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { networkOf } from "../../src/addresses.ts";
import { assemble, bpf } from "../../src/bpf/assembler.ts";
import { everythingProgram, internalTrafficProgram } from "../../src/bpf/internal-traffic.ts";
import { sameTenantProgram } from "../../src/bpf/same-tenant.ts";
import { runBpf } from "../bpf-machine.ts";
import { arpPacket, frame, udpPacket } from "../frames.ts";

const mac = "02:00:00:00:00:01";
const ip = { sourceMac: mac, destinationMac: mac, etherType: 0x0800 };
const from = (source: string, destination: string): Buffer =>
  frame(ip, udpPacket({ source, destination, sourcePort: 1, destinationPort: 2 }));
const octet = fc.nat(255);
const addresses = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join("."));

describe("internal traffic", () => {
  const networks = ["10.0.0.0/8", "172.16.0.0/12", "198.51.100.128/25"];

  it.for([
    ["10.200.0.1", true],
    ["172.31.255.255", true],
    ["172.32.0.1", false],
    ["198.51.100.129", true],
    ["198.51.100.127", false],
    ["255.255.255.255", true],
    ["8.8.8.8", false],
  ] as const)("is what goes to %s: %s", ([other, internal]) => {
    expect(runBpf(internalTrafficProgram("out", networks), from("10.0.0.1", other)) !== 0).toBe(internal);
    expect(runBpf(internalTrafficProgram("in", networks), from(other, "10.0.0.1")) !== 0).toBe(internal);
  });

  it("is ARP, and nothing that is neither ARP nor IPv4", () => {
    const asks = arpPacket({
      operation: "request",
      senderMac: mac,
      senderAddress: "10.0.0.1",
      targetAddress: "10.0.0.2",
    });
    expect(runBpf(internalTrafficProgram("in", []), frame({ ...ip, etherType: 0x0806 }, asks))).not.toBe(0);
    expect(runBpf(internalTrafficProgram("in", ["0.0.0.0/0"]), frame({ ...ip, etherType: 0x86dd }, asks))).toBe(0);
  });

  it("is in the networks of any length that hold its address", () => {
    fc.assert(
      fc.property(addresses, addresses, fc.nat(32), (other, network, length) => {
        const cidr = networkOf(`${network}/${length}`);
        const within = networkOf(`${other}/${length}`) === cidr;
        const broadcast = other === "255.255.255.255";
        expect(runBpf(internalTrafficProgram("out", [cidr]), from("10.0.0.1", other)) !== 0).toBe(within || broadcast);
      }),
    );
  });

  it("leaves the rest to a program that takes everything", () => {
    expect(runBpf(everythingProgram, Buffer.alloc(0))).toBe(0xff_ff_ff_ff);
  });
});

describe("the mark's two tenants", () => {
  it("pass when they are the same and somebody's", () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.nat(0xffff), (source, destination) => {
        const pass = (high: number, low: number): boolean =>
          runBpf(sameTenantProgram, Buffer.alloc(64), { mark: ((high << 16) | low) >>> 0 }) !== 0;
        expect(pass(destination, source)).toBe(source === destination && source !== 0);
        expect(pass(source, source)).toBe(source !== 0);
      }),
    );
  });
});

describe("the assembler", () => {
  it("writes jumps as distances and constants as unsigned", () => {
    const lines = [bpf.half(12), bpf.ifEqual(0x0800, { no: "end" }), bpf.return(-1), "end", bpf.return(0)];
    expect(assemble(lines)).toBe("4,40 0 0 12,21 0 1 2048,6 0 0 4294967295,6 0 0 0");
  });

  it("knows no jump back and none to nowhere", () => {
    expect(() => assemble(["start", bpf.ifEqual(0, { yes: "start" }), bpf.return(0)])).toThrow(RangeError);
    expect(() => assemble([bpf.ifEqual(0, { yes: "nowhere" }), bpf.return(0)])).toThrow(RangeError);
  });
});
