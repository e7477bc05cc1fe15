import { commentPrefix, isOwn, keyOf } from "./state.ts";
import type { Chain, Rule, RuleState } from "./state.ts";

/**
 * Our chains and rules in the output of `iptables-save`. Rules are read for their hashes only: what iptables makes of a
 * rule's text differs from version to version.
 */
export function parseRules(text: string): RuleState {
  const chains = new Map<string, OpenChain>();
  let table: Chain["table"] | undefined;
  for (const line of text.split("\n")) {
    if (line.startsWith("*")) table = line === "*mangle" ? "mangle" : line === "*filter" ? "filter" : undefined;
    const name = /^(?::|-A )(\S+) /.exec(line)?.[1];
    if (table === undefined || name === undefined) continue;
    const own = isOwn({ table, name });
    const hash = commentHash.exec(line)?.[1] ?? "";
    if (!own && hash === "") continue;
    const chain = chains.get(keyOf({ table, name })) ?? { table, name, own, rules: [] };
    chains.set(keyOf(chain), chain);
    if (line.startsWith("-A ")) chain.rules.push({ hash, text: line });
  }
  return chains;
}

interface OpenChain extends Chain {
  readonly rules: Rule[];
}

const commentHash = new RegExp(` --comment "?${commentPrefix}([0-9a-f]{12})\\b`);
