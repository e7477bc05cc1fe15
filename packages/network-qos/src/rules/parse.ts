import { commentPrefix, isOwn, keyOf } from "./state.ts";
import type { Chain, Rule, RuleState } from "./state.ts";

/**
 * Our chains and rules in the output of `iptables-save`. Rules are read for their hashes only: what iptables makes of a
 * rule's text differs from version to version.
 */
export function parseRules(text: string): RuleState {
  const chains = new Map<string, { readonly chain: Chain; readonly rules: Rule[] }>();
  let table: Chain["table"] | undefined;
  const open = (in_: Chain["table"], name: string): Rule[] => {
    const place = { table: in_, name };
    const found = chains.get(keyOf(place));
    if (found !== undefined) return found.rules;
    const rules: Rule[] = [];
    chains.set(keyOf(place), { chain: { ...place, own: isOwn(place), rules }, rules });
    return rules;
  };
  for (const line of text.split("\n")) {
    if (line.startsWith("*")) table = line === "*mangle" ? "mangle" : line === "*filter" ? "filter" : undefined;
    if (table === undefined) continue;
    const declared = /^:(\S+) /.exec(line)?.[1];
    if (declared !== undefined && isOwn({ table, name: declared })) open(table, declared);
    const name = /^-A (\S+) /.exec(line)?.[1];
    if (name === undefined) continue;
    const hash = commentHash.exec(line)?.[1] ?? "";
    if (hash !== "" || isOwn({ table, name })) open(table, name).push({ hash, text: line });
  }
  return new Map(Array.from(chains, ([key, { chain }]) => [key, chain]));
}

const commentHash = new RegExp(` --comment "?${commentPrefix}([0-9a-f]{12})\\b`);
