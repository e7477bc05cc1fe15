import { egressBlock, guardText } from "./state.ts";
import type { GuardFilter, GuardState } from "./state.ts";

/** The lines of one `tc -batch` that show the guards of these taps; what is not there shows nothing. */
export const guardQueries = (taps: Iterable<string>): readonly string[] => [
  ...Array.from(taps, (tap) => `filter show dev ${tap} ingress`),
  `filter show block ${egressBlock}`,
];

/**
 * The guards in the output of those lines, which does not name the taps: it need not, because a tap's program holds its
 * guest's MAC and address.
 */
export function parseGuards(text: string): GuardState {
  const ingress = new Map<string, string>();
  const egress: GuardFilter[] = [];
  let tap: GuardFilter[] = [];
  const endOfTap = (): void => {
    const [check, ...rest] = tap;
    if (check !== undefined && check.redirect === undefined) ingress.set(check.bytecode, guardText(rest));
    tap = [];
  };
  for (const shown of text.split(/\n(?=filter )/)) {
    const filter = filterOf(shown);
    if (filter === undefined) continue;
    if (filter.priority > firstEgressPriority) egress.push(filter);
    else {
      if (filter.priority <= (tap.at(-1)?.priority ?? 0)) endOfTap();
      tap.push(filter);
    }
  }
  endOfTap();
  return { ingress, egress: guardText(egress) };
}

const firstEgressPriority = 10;

/**
 * `filter protocol all pref 2 bpf chain 0 handle 0x1 not_in_hw bytecode '9,40 0 0 12,…'` and below it
 * `action order 1: mirred (Egress Redirect to device ch-int-out) stolen`.
 */
function filterOf(shown: string): GuardFilter | undefined {
  const [, priority, bytecode] = /^filter .*\bpref (\d+) bpf .*\bbytecode '([0-9 ,]+)'/.exec(shown) ?? [];
  if (priority === undefined || bytecode === undefined) return undefined;
  const redirect = /\(Egress Redirect to device (\S+)\)/.exec(shown)?.[1];
  // Neither a verdict nor a detour: nothing that we would write, and so never equal to what is wanted.
  const kind = redirect ?? (/ direct-action /.test(shown) ? undefined : "");
  return { priority: Number(priority), bytecode, redirect: kind };
}
