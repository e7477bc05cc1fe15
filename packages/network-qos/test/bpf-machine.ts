/** What a program may know of a packet beside its bytes. */
export interface PacketFacts {
  readonly mark?: number;
  readonly vlanTagged?: boolean;
}

/**
 * Runs a program as `tc` and `iptables` take it, the way the kernel does: a load beyond the packet's end ends it with 0.
 * Instructions that we do not use are not known here.
 */
export function runBpf(bytecode: string, packet: Buffer, facts: PacketFacts = {}): number {
  const program = bytecode
    .split(",")
    .slice(1)
    .map((instruction) => instruction.split(" ").map(Number) as [number, number, number, number]);
  const memory = new Map<number, number>();
  let a = 0;
  let x = 0;
  for (let at = 0; at < program.length; at += 1) {
    const [code, ifTrue, ifFalse, k] = program[at]!;
    const jump = (holds: boolean): void => void (at += holds ? ifTrue : ifFalse);
    const load = (offset: number, bytes: 1 | 2 | 4): boolean => {
      if (offset + bytes > packet.length) return false;
      a = packet.readUIntBE(offset, bytes);
      return true;
    };
    switch (code) {
      case 0x20:
        if (k === 0xff_ff_f0_14) a = facts.mark ?? 0;
        else if (k === 0xff_ff_f0_30) a = facts.vlanTagged === true ? 1 : 0;
        else if (!load(k, 4)) return 0;
        break;
      case 0x28:
        if (!load(k, 2)) return 0;
        break;
      case 0x30:
        if (!load(k, 1)) return 0;
        break;
      case 0x48:
        if (!load(x + k, 2)) return 0;
        break;
      case 0x80:
        a = packet.length;
        break;
      case 0xb1:
        if (k >= packet.length) return 0;
        x = 4 * (packet[k]! & 0xf);
        break;
      case 0x54:
        a = (a & k) >>> 0;
        break;
      case 0x74:
        a >>>= k;
        break;
      case 0x1c:
        a = (a - x) >>> 0;
        break;
      case 0x02:
        memory.set(k, a);
        break;
      case 0x60:
        a = memory.get(k) ?? 0;
        break;
      case 0x07:
        x = a;
        break;
      case 0x15:
        jump(a === k);
        break;
      case 0x35:
        jump(a >= k);
        break;
      case 0x45:
        jump((a & k) !== 0);
        break;
      case 0x1d:
        jump(a === x);
        break;
      case 0x06:
        return k;
      default:
        throw new Error(`no instruction ${code.toString(16)}`);
    }
  }
  throw new Error("the program has no end");
}
