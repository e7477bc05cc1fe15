import { sampleBinding, networkOf } from "@cloudhost/conformance";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bridgeMac } from "../src/links/state.ts";
import { arpPacket, frame, udpPacket } from "./frames.ts";
import { classPackets } from "./host/class-bytes.ts";
import { describeOnHost } from "./host/describe-on-host.ts";
import { openTap } from "./host/guest.ts";
import { openTestHosts } from "./host/test-host.ts";
import type { Tap } from "./host/guest.ts";
import type { TestHost, TestHosts } from "./host/test-host.ts";

const attacker = sampleBinding(1);
const victim = sampleBinding(2);
const strangersMac = "02:00:00:00:00:99";
const gateway = attacker.gateway;

const ipv4 = { sourceMac: attacker.mac, destinationMac: bridgeMac, etherType: 0x0800 };
const arp = { sourceMac: attacker.mac, destinationMac: "ff:ff:ff:ff:ff:ff", etherType: 0x0806 };
const toVictim = { source: attacker.address, destination: victim.address, sourcePort: 9999, destinationPort: 9 };
const question = {
  operation: "request",
  senderMac: attacker.mac,
  senderAddress: attacker.address,
  targetAddress: gateway,
} as const;

const forgeries: readonly (readonly [string, Buffer])[] = [
  ["another's MAC", frame({ ...ipv4, sourceMac: victim.mac }, udpPacket(toVictim))],
  ["another's address", frame(ipv4, udpPacket({ ...toVictim, source: victim.address }))],
  ["the host's address", frame(ipv4, udpPacket({ ...toVictim, source: gateway }))],
  ["a DHCP server's answer", frame(ipv4, udpPacket({ ...toVictim, sourcePort: 67, destinationPort: 68 }))],
  ["a DHCP server's answer behind IP options", frame(ipv4, udpPacket({ ...toVictim, sourcePort: 67, options: 8 }))],
  ["ARP with the gateway's address", frame(arp, arpPacket({ ...question, senderAddress: gateway }))],
  ["ARP with another's address", frame(arp, arpPacket({ ...question, senderAddress: victim.address }))],
  ["ARP with another's MAC inside", frame(arp, arpPacket({ ...question, senderMac: strangersMac }))],
  [
    "an ARP answer nobody asked for",
    frame(arp, arpPacket({ ...question, operation: "reply", senderAddress: gateway })),
  ],
  ["IPv6", frame({ ...ipv4, etherType: 0x86dd }, Buffer.alloc(60, 1))],
  [
    "a VLAN tag",
    frame({ ...ipv4, etherType: 0x8100 }, Buffer.concat([Buffer.from([0, 7, 8, 0]), udpPacket(toVictim)])),
  ],
  ["a frame cut short", frame(ipv4, udpPacket(toVictim).subarray(0, 18))],
];

describeOnHost("a server that forges", () => {
  let hosts: TestHosts;
  let host: TestHost;
  let own: Tap;
  let others: Tap;

  beforeAll(async () => {
    hosts = await openTestHosts();
    host = hosts.one;
    const driver = host.driver();
    await driver.apply({ revision: 1, baseRevision: 0, changes: undefined, desired: networkOf([attacker, victim]) });
    own = host.use(await openTap(host.namespace, attacker.tap));
    others = host.use(await openTap(host.namespace, victim.tap));
    await host.sh("ip", "neigh", "replace", victim.address, "lladdr", victim.mac, "dev", "chbr0", "nud", "permanent");
  });

  afterAll(() => hosts[Symbol.asyncDispose]());

  it.for(forgeries)("%s gets nowhere", async ([name, forged]) => {
    const before = await classPackets(host);
    own.send(forged);
    const honest = frame(ipv4, udpPacket({ ...toVictim, payload: `honest, after ${name}` }));
    own.send(honest);
    // What is sent later and arrives shows that what was sent before did not.
    await expect.poll(() => others.heard(`honest, after ${name}`), { interval: 20, timeout: 5000 }).toBe(true);
    const after = await classPackets(host);
    expect(after.get("1:11")).toBe((before.get("1:11") ?? 0) + 1);
    expect(after.get("1:f")).toBe(before.get("1:f"));
    expect(after.get("3:f")).toBe(before.get("3:f"));
    expect(await host.sh("ip", "neigh", "show", "dev", "chbr0")).not.toContain(strangersMac);
  });

  it("is answered when it asks in its own name", async () => {
    own.send(frame(arp, arpPacket(question)));
    const mac = Buffer.from(bridgeMac.replaceAll(":", ""), "hex").toString("latin1");
    await expect.poll(() => own.heard(mac), { interval: 20, timeout: 5000 }).toBe(true);
  });
});
