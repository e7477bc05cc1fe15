import { networkNumbers } from "../addresses.ts";
import { assemble, bpf } from "./assembler.ts";
import type { BpfLine } from "./assembler.ts";

/** Where the other end's address is in an Ethernet frame: a guest's packet goes to it or comes from it. */
const otherEnd = { out: 30, in: 26 } as const;

/**
 * Matches what counts as internal bandwidth: ARP, and IPv4 whose other end is in one of the networks; broadcasts, which
 * go no further than the bridge, as well.
 *
 * @param direction `out`: what a guest sends; `in`: what it gets
 */
export function internalTrafficProgram(direction: keyof typeof otherEnd, networks: readonly string[]): string {
  return assemble([
    bpf.half(12),
    bpf.ifEqual(0x0806, { yes: "internal" }),
    bpf.ifEqual(0x0800, { no: "other" }),
    bpf.word(otherEnd[direction]),
    bpf.ifEqual(0xff_ff_ff_ff, { yes: "internal" }),
    ...networks.flatMap((cidr): BpfLine[] => {
      const { mask, network } = networkNumbers(cidr);
      return [bpf.word(otherEnd[direction]), bpf.and(mask), bpf.ifEqual(network, { yes: "internal" })];
    }),
    "other",
    bpf.return(0),
    "internal",
    bpf.return(0xff_ff_ff_ff),
  ]);
}

/** Matches every frame. */
export const everythingProgram: string = assemble([bpf.return(0xff_ff_ff_ff)]);
