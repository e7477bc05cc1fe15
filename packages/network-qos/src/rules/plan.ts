import { keyOf } from "./state.ts";
import type { Chain, Rule, RuleState } from "./state.ts";

/**
 * The lines of one `iptables-restore --noflush` that leave our chains and our rules in the kernel's chains as wanted.
 * A table is one commit of the kernel: there is no moment at which half of its rules hold.
 */
export function planRules(present: RuleState, wanted: RuleState): string[] {
  return tables.flatMap((table) => {
    const chains = [...wanted.values()].filter((chain) => chain.table === table);
    const changed = chains.filter((chain) => chain.own && !sameRules(present.get(keyOf(chain))?.rules, chain.rules));
    return commit(table, [
      // Declaring a chain of ours empties it.
      ...changed.map(({ name }) => `:${name} - [0:0]`),
      ...changed.flatMap(({ rules }) => rules.map(({ text }) => text)),
      ...chains
        .filter((chain) => !chain.own)
        .flatMap((chain) => mendLines(present.get(keyOf(chain))?.rules ?? [], chain)),
    ]);
  });
}

/** Lines that take away all that is there; what is not ours stays. */
export function planRuleRemoval(present: RuleState): string[] {
  return tables.flatMap((table) => {
    const chains = [...present.values()].filter((chain) => chain.table === table);
    const own = chains.filter((chain) => chain.own);
    return commit(table, [
      ...chains.filter((chain) => !chain.own).flatMap(({ rules }) => rules.map(deleteLine)),
      ...own.map(({ name }) => `-F ${name}`),
      ...own.map(({ name }) => `-X ${name}`),
    ]);
  });
}

const tables = ["mangle", "filter"] as const;

const commit = (table: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`*${table}`, ...lines, "COMMIT"];

/** Takes away what nobody wants and puts what is missing before all rules of others. */
function mendLines(present: readonly Rule[], { name, rules }: Chain): string[] {
  const wanted = new Set(rules.map(({ hash }) => hash));
  const kept = new Set<string>();
  const lines: string[] = [];
  for (const rule of present) {
    if (wanted.has(rule.hash) && !kept.has(rule.hash)) kept.add(rule.hash);
    else lines.push(deleteLine(rule));
  }
  for (const { hash, text } of rules.toReversed()) {
    if (!kept.has(hash)) lines.push(`-I ${name} 1${text.slice(`-A ${name}`.length)}`);
  }
  return lines;
}

const deleteLine = ({ text }: Rule): string => `-D${text.slice("-A".length)}`;

const sameRules = (present: readonly Rule[] | undefined, wanted: readonly Rule[]): boolean =>
  present?.length === wanted.length && wanted.every(({ hash }, index) => present[index]?.hash === hash);
