import { egressBlock, egressFilters, guardProgram, ingressFilters } from "./state.ts";
import type { HostModel } from "../model.ts";
import type { GuardFilter, GuardState } from "./state.ts";

/** Lines of `tc -batch` that guard each tap that is not guarded as it shall be. A filter is replaced at once. */
export function planGuards(model: HostModel, present: GuardState, wanted: GuardState): string[] {
  const lines: string[] = [];
  const rest = ingressFilters(model);
  for (const port of model.ports.values()) {
    const bytecode = guardProgram(port);
    if (present.ingress.get(bytecode) === wanted.ingress.get(bytecode)) continue;
    const check: GuardFilter = { priority: 1, bytecode, redirect: undefined };
    lines.push(
      `qdisc replace dev ${port.tap} egress_block ${egressBlock} clsact`,
      ...[check, ...rest].map((filter) => filterLine(`dev ${port.tap} ingress`, filter)),
    );
  }
  // The kernel keeps the shared list only while a tap has it, and the taps that had it may go at this moment.
  if (lines.length > 0 || (wanted.egress !== "" && wanted.egress !== present.egress)) {
    lines.push(...egressFilters(model).map((filter) => filterLine(`block ${egressBlock}`, filter)));
  }
  return lines;
}

function filterLine(place: string, { priority, bytecode, redirect }: GuardFilter): string {
  const start = `filter replace ${place} prio ${priority} protocol all handle 1 bpf`;
  return redirect === undefined
    ? `${start} da bytecode '${bytecode}'`
    : `${start} bytecode '${bytecode}' action mirred egress redirect dev ${redirect}`;
}
