import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { antiSpoofingProgram } from "../../src/bpf/anti-spoofing.ts";
import { runBpf } from "../bpf-machine.ts";
import { arpPacket, frame, udpPacket } from "../frames.ts";

const mac = "02:1a:ff:00:80:7f";
const address = "10.0.200.9";
const program = antiSpoofingProgram(mac, address);
const goesOn = (packet: Buffer, facts = {}): boolean => {
  const verdict = runBpf(program, packet, facts);
  // 0 would let a packet pass without any further filter.
  expect([0xff_ff_ff_ff, 2]).toContain(verdict);
  return verdict === 0xff_ff_ff_ff;
};

const ip = { sourceMac: mac, destinationMac: "02:63:68:00:00:01", etherType: 0x0800 };
const arp = { ...ip, destinationMac: "ff:ff:ff:ff:ff:ff", etherType: 0x0806 };
const datagram = { source: address, destination: "10.0.0.1", sourcePort: 5000, destinationPort: 53 };
const question = { operation: "request", senderMac: mac, senderAddress: address, targetAddress: "10.0.0.1" } as const;
const discover = { source: "0.0.0.0", destination: "255.255.255.255", sourcePort: 68, destinationPort: 67 };

describe("anti-spoofing lets pass", () => {
  it.for<readonly [string, Buffer]>([
    ["IPv4 from its own address", frame(ip, udpPacket(datagram))],
    ["a renewal of its lease", frame(ip, udpPacket({ ...datagram, sourcePort: 68, destinationPort: 67 }))],
    ["a DHCP client's first word", frame(ip, udpPacket({ ...discover, payload: "discover" }))],
    ["the same behind IP options", frame(ip, udpPacket({ ...discover, options: 40 }))],
    [
      "a later fragment that looks like port 67",
      frame(ip, udpPacket({ ...datagram, sourcePort: 67, fragmentOffset: 9 })),
    ],
    ["ARP in its own name", frame(arp, arpPacket(question))],
    ["a question whether its address is free", frame(arp, arpPacket({ ...question, senderAddress: "0.0.0.0" }))],
    ["its announcement", frame(arp, arpPacket({ ...question, targetAddress: address }))],
  ])("%s", ([, packet]) => {
    expect(goesOn(packet)).toBe(true);
  });
});

describe("anti-spoofing drops", () => {
  it.for<readonly [string, Buffer]>([
    ["another MAC", frame({ ...ip, sourceMac: "02:1a:ff:00:80:7e" }, udpPacket(datagram))],
    ["another address", frame(ip, udpPacket({ ...datagram, source: "10.0.200.10" }))],
    ["a DHCP server's answer", frame(ip, udpPacket({ ...datagram, sourcePort: 67 }))],
    ["the same behind IP options", frame(ip, udpPacket({ ...datagram, sourcePort: 67, options: 8 }))],
    ["a sender without address that is no DHCP client", frame(ip, udpPacket({ ...discover, sourcePort: 69 }))],
    ["the same to another port", frame(ip, udpPacket({ ...discover, destinationPort: 68 }))],
    ["the same to one machine", frame(ip, udpPacket({ ...discover, destination: "10.0.0.1" }))],
    ["a fragment without address", frame(ip, udpPacket({ ...discover, fragmentOffset: 1 }))],
    ["ARP with another's address", frame(arp, arpPacket({ ...question, senderAddress: "10.0.0.1" }))],
    ["ARP with another's MAC inside", frame(arp, arpPacket({ ...question, senderMac: "02:00:00:00:00:01" }))],
    ["ARP cut short", frame(arp, arpPacket(question)).subarray(0, 41)],
    ["a header cut short", frame(ip, udpPacket(datagram)).subarray(0, 33)],
    ["ports cut off", frame(ip, udpPacket(datagram)).subarray(0, 35)],
    ["IPv6", frame({ ...ip, etherType: 0x86dd }, Buffer.alloc(60))],
    ["nothing at all", Buffer.alloc(0)],
  ])("%s", ([, packet]) => {
    expect(goesOn(packet)).toBe(false);
  });

  it("a VLAN tag that the kernel has taken off", () => {
    expect(goesOn(frame(ip, udpPacket(datagram)), { vlanTagged: true })).toBe(false);
  });

  it("whatever does not say both its MAC and its address, and ends each frame with a verdict", () => {
    const frames = fc.tuple(
      fc.constantFrom(mac, "02:00:00:00:00:01"),
      fc.constantFrom(0x0800, 0x0806, 0x86dd, 0x8100),
      fc.uint8Array({ maxLength: 80 }),
    );
    fc.assert(
      fc.property(frames, ([sourceMac, etherType, payload]) => {
        const packet = frame({ ...ip, sourceMac, etherType }, payload);
        const said = etherType === 0x0806 ? packet.subarray(28, 32) : packet.subarray(26, 30);
        const its = [address, "0.0.0.0"].some((each) => Buffer.from(each.split(".").map(Number)).equals(said));
        expect(!goesOn(packet) || (sourceMac === mac && its)).toBe(true);
      }),
    );
  });
});
