import { ipv4Number, macNumbers } from "../addresses.ts";
import { assemble, bpf, fact } from "./assembler.ts";

/** Verdicts of a direct-action filter: the next filter decides, or the packet ends here. */
const goOn = 0xff_ff_ff_ff;
const drop = 2;

const etherTypeIpv4 = 0x0800;
const etherTypeArp = 0x0806;
const udp = 17;
const dhcpServerPort = 67;
const dhcpClientPort = 68;

/**
 * What a guest may send at all, for the ingress of its tap: frames with its own MAC and no VLAN tag; IPv4 from its own
 * address, or a DHCP client's broadcast while it has none; ARP in its own name. A DHCP server's answers, IPv6 and
 * everything else end here.
 *
 * Each load is preceded by a check of the length: a load beyond the end would end the program with 0, which lets pass.
 */
export function antiSpoofingProgram(mac: string, address: string): string {
  const { high, low } = macNumbers(mac);
  const own = ipv4Number(address);
  return assemble([
    bpf.length(),
    bpf.ifAtLeast(34, { no: "drop" }),
    bpf.word(fact.vlanTagged),
    bpf.ifEqual(0, { no: "drop" }),
    bpf.word(6),
    bpf.ifEqual(high, { no: "drop" }),
    bpf.half(10),
    bpf.ifEqual(low, { no: "drop" }),
    bpf.half(12),
    bpf.ifEqual(etherTypeArp, { yes: "arp" }),
    bpf.ifEqual(etherTypeIpv4, { no: "drop" }),
    bpf.word(26),
    bpf.ifEqual(own, { yes: "own address" }),
    bpf.ifEqual(0, { no: "drop" }),

    // No address yet: a DHCP client's broadcast, whole.
    bpf.byte(23),
    bpf.ifEqual(udp, { no: "drop" }),
    bpf.word(30),
    bpf.ifEqual(0xff_ff_ff_ff, { no: "drop" }),
    bpf.half(20),
    bpf.ifAnyBit(0x1fff, { yes: "drop" }),
    bpf.ipHeaderToX(14),
    bpf.length(),
    bpf.subtractX(),
    bpf.ifAtLeast(22, { no: "drop" }),
    bpf.halfAtX(14),
    bpf.ifEqual(dhcpClientPort, { no: "drop" }),
    bpf.halfAtX(16),
    bpf.ifEqual(dhcpServerPort, { yes: "pass", no: "drop" }),

    // Its own address: anything but a DHCP server's answer. Only a first fragment has ports.
    "own address",
    bpf.byte(23),
    bpf.ifEqual(udp, { no: "pass" }),
    bpf.half(20),
    bpf.ifAnyBit(0x1fff, { yes: "pass" }),
    bpf.ipHeaderToX(14),
    bpf.length(),
    bpf.subtractX(),
    bpf.ifAtLeast(18, { no: "drop" }),
    bpf.halfAtX(14),
    bpf.ifEqual(dhcpServerPort, { yes: "drop", no: "pass" }),

    // ARP's own sender fields; an address of 0 only asks whether one is free.
    "arp",
    bpf.length(),
    bpf.ifAtLeast(42, { no: "drop" }),
    bpf.word(22),
    bpf.ifEqual(high, { no: "drop" }),
    bpf.half(26),
    bpf.ifEqual(low, { no: "drop" }),
    bpf.word(28),
    bpf.ifEqual(own, { yes: "pass" }),
    bpf.ifEqual(0, { yes: "pass", no: "drop" }),

    "pass",
    bpf.return(goOn),
    "drop",
    bpf.return(drop),
  ]);
}
