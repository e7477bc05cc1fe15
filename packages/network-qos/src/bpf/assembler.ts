/**
 * A line of a classic BPF program: a label, or an instruction whose jumps name labels. A jump without a name goes on
 * with the next instruction.
 */
export type BpfLine = string | BpfInstruction;
interface BpfInstruction {
  readonly code: number;
  readonly k: number;
  readonly ifTrue?: string | undefined;
  readonly ifFalse?: string | undefined;
}

/** Offset of the packet facts that the kernel keeps beside its bytes (`SKF_AD_OFF`). */
const ancillary = 0xff_ff_f0_00;

/** What a program may load instead of packet bytes. */
export const fact = {
  /** The packet's mark (`SKF_AD_MARK`). */
  mark: ancillary + 20,
  /** 1 when it came with a VLAN tag, which the kernel has taken off (`SKF_AD_VLAN_TAG_PRESENT`). */
  vlanTagged: ancillary + 48,
} as const;

const plain =
  (code: number) =>
  (k = 0): BpfInstruction => ({ code, k });
const jump =
  (code: number) =>
  (k: number, to: { readonly yes?: string; readonly no?: string }): BpfInstruction => ({
    code,
    k,
    ifTrue: to.yes,
    ifFalse: to.no,
  });

/** The instructions that our programs need; A and X are the machine's two registers. */
export const bpf = {
  /** A = 4, 2 or 1 bytes at an offset from the Ethernet header. Beyond the packet's end the program ends with 0. */
  word: plain(0x20),
  half: plain(0x28),
  byte: plain(0x30),
  /** A = 2 bytes at X + offset. */
  halfAtX: plain(0x48),
  /** A = the packet's length in bytes. */
  length: plain(0x80),
  /** X = the IPv4 header's length in bytes; the offset is the header's. */
  ipHeaderToX: plain(0xb1),
  /** A = A & k, A = A >> k, A = A - X. */
  and: plain(0x54),
  shiftRight: plain(0x74),
  subtractX: plain(0x1c),
  /** Memory[k] = A, A = memory[k], X = A. */
  store: plain(0x02),
  recall: plain(0x60),
  toX: plain(0x07),
  ifEqual: jump(0x15),
  ifAtLeast: jump(0x35),
  /** Any bit of k in A. */
  ifAnyBit: jump(0x45),
  /** A = X; the operand is not used. */
  ifEqualX: jump(0x1d),
  return: plain(0x06),
} as const;

/**
 * The program as `tc` and `iptables` take it: `length,code jt jf k,…`.
 * Labels are ours and the programs are constants of this package, so a wrong one is a fault of ours.
 */
export function assemble(lines: readonly BpfLine[]): string {
  const at = new Map<string, number>();
  const instructions: BpfInstruction[] = [];
  for (const line of lines) {
    if (typeof line === "string") at.set(line, instructions.length);
    else instructions.push(line);
  }
  const distance = (label: string | undefined, from: number): number => {
    if (label === undefined) return 0;
    const jumped = (at.get(label) ?? -1) - from - 1;
    if (jumped < 0 || jumped > 255) throw new RangeError(`no jump from ${from} to ${label}`);
    return jumped;
  };
  const text = instructions.map(
    ({ code, k, ifTrue, ifFalse }, index) =>
      `${code} ${distance(ifTrue, index)} ${distance(ifFalse, index)} ${k >>> 0}`,
  );
  return [instructions.length, ...text].join(",");
}
