import { assemble, bpf, fact } from "./assembler.ts";

/**
 * Matches packets between two addresses of one tenant, for `iptables -m bpf`: the mark holds the source's tenant in its
 * low half and the destination's in its high half, and 0 is nobody. One rule, however many tenants there are.
 */
export const sameTenantProgram: string = assemble([
  bpf.word(fact.mark),
  bpf.and(0xffff),
  bpf.store(0),
  bpf.word(fact.mark),
  bpf.shiftRight(16),
  bpf.toX(),
  bpf.recall(0),
  bpf.ifEqualX(0, { no: "different" }),
  bpf.ifEqual(0, { yes: "different" }),
  bpf.return(0xffff),
  "different",
  bpf.return(0),
]);
