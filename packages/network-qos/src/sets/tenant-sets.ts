import type { HostModel } from "../model.ts";

/**
 * Two sets say whose an address is: one marks a packet by its source in the mark's low half, the other by its
 * destination in the high half. Their entries grow with the addresses, the rules that use them do not.
 */
export const sourceSet = "cloudhost-src";
export const destinationSet = "cloudhost-dst";

/** Sets by name; each maps addresses to their mark as ipset prints it. */
export type SetState = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The sets that a model asks for. */
export function wantedSets({ tenants }: HostModel): SetState {
  const source = new Map<string, string>();
  const destination = new Map<string, string>();
  for (const [address, tenant] of tenants) {
    const hex = tenant.toString(16);
    source.set(address, `0x${hex}/0xffff`);
    destination.set(address, `0x${hex}0000/0xffff0000`);
  }
  return new Map([
    [sourceSet, source],
    [destinationSet, destination],
  ]);
}

/** Lines of `ipset -exist restore` that make the sets and add what is missing; an entry with another mark gets its new one. */
export function planSetAdditions(present: SetState, wanted: SetState): string[] {
  const lines: string[] = [];
  for (const [name, entries] of wanted) {
    const found = present.get(name);
    if (found === undefined) lines.push(`create ${name} hash:ip family inet hashsize 1024 maxelem 262144 skbinfo`);
    for (const [address, mark] of entries) {
      if (found?.get(address) !== mark) lines.push(`add ${name} ${address} skbmark ${mark}`);
    }
  }
  return lines;
}

/** Lines of `ipset -exist restore` that take away what nobody wants; run when no rule needs it any more. */
export function planSetDeletions(present: SetState, wanted: SetState): string[] {
  const lines: string[] = [];
  for (const [name, entries] of wanted) {
    for (const address of present.get(name)?.keys() ?? []) {
      if (!entries.has(address)) lines.push(`del ${name} ${address}`);
    }
  }
  return lines;
}

/** The sets in the output of one or more `ipset save NAME`. */
export function parseSets(text: string): SetState {
  const sets = new Map<string, Map<string, string>>();
  for (const line of text.split("\n")) {
    const [verb, name = "", address = "", ...attributes] = line.split(" ");
    if (verb === "create") sets.set(name, new Map());
    if (verb === "add") sets.get(name)?.set(address, attributes[attributes.indexOf("skbmark") + 1] ?? "");
  }
  return sets;
}
