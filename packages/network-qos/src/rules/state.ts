import { createHash } from "node:crypto";
import { sameTenantProgram } from "../bpf/same-tenant.ts";
import { destinationSet, sourceSet } from "../sets/tenant-sets.ts";
import type { HostModel } from "../model.ts";

/** A rule of ours, told by the hash in its comment; `""` is somebody else's in a chain of ours. */
export interface Rule {
  readonly hash: string;
  /** As `iptables-save` has it: `-A FORWARD -i chbr0 …`. */
  readonly text: string;
}

/** A chain of ours, or our rules in one of the kernel's. */
export interface Chain {
  readonly table: "mangle" | "filter";
  readonly name: string;
  /** Whether the whole chain is ours. In the kernel's chains rules of others are neither read nor touched. */
  readonly own: boolean;
  readonly rules: readonly Rule[];
}

/** Chains by table and name. */
export type RuleState = ReadonlyMap<string, Chain>;

/** The prefix of the comments that hold our hashes. */
export const commentPrefix = "cloudhost:";

/** Chains of ours, by table. */
export const ownChains = [
  { table: "mangle", name: "cloudhost-mark" },
  { table: "filter", name: "cloudhost-forward" },
  { table: "filter", name: "cloudhost-input" },
] as const;

/**
 * The rules that a model asks for; their number is always the same.
 *
 * A packet from or to the bridge is marked with the tenants of both its ends and passes only when they are one. Guests
 * reach each other through the host (the bridge's ports are isolated from each other), so this holds on one host and
 * across hosts alike, for each packet: a member that goes is cut off at once. The mark is taken off again behind it,
 * because others' rules have marks of their own. Of the host itself guests get DHCP, echo and the answers to what the
 * host asked.
 */
export function wantedRules({ bridge, uplinks }: HostModel): RuleState {
  const sameTenant = `-m bpf --bytecode "${sameTenantProgram}"`;
  return new Map(
    [
      chain("mangle", "cloudhost-mark", [
        "-j MARK --set-xmark 0x0/0xffffffff",
        `-j SET --map-set ${sourceSet} src --map-mark`,
        `-j SET --map-set ${destinationSet} dst --map-mark`,
      ]),
      chain("mangle", "FORWARD", [`-i ${bridge} -j cloudhost-mark`, `! -i ${bridge} -o ${bridge} -j cloudhost-mark`]),
      chain("mangle", "POSTROUTING", [
        `-m mark ! --mark 0x0 -m set --match-set ${destinationSet} dst -j MARK --set-xmark 0x0/0xffffffff`,
      ]),
      chain("filter", "cloudhost-forward", [
        `-i ${bridge} ${sameTenant} -j ACCEPT`,
        `-i ${uplinks.internal} ${sameTenant} -j ACCEPT`,
        "-j DROP",
      ]),
      chain("filter", "cloudhost-input", [
        "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-p udp -m udp --dport 67 -j ACCEPT",
        "-p icmp -m icmp --icmp-type 8 -j ACCEPT",
        "-j DROP",
      ]),
      chain("filter", "FORWARD", [`-i ${bridge} -j cloudhost-forward`, `-o ${bridge} -j cloudhost-forward`]),
      chain("filter", "INPUT", [`-i ${bridge} -j cloudhost-input`]),
      // Guests of one network find each other behind the host's MAC; the host is not to tell them of a shorter way.
      chain("filter", "OUTPUT", [`-o ${bridge} -p icmp -m icmp --icmp-type 5 -j DROP`]),
    ].map((made) => [keyOf(made), made]),
  );
}

/** A chain's place in {@link RuleState}. */
export const keyOf = ({ table, name }: Pick<Chain, "table" | "name">): string => `${table} ${name}`;

/** Whether a chain is ours as a whole. */
export const isOwn = ({ table, name }: Pick<Chain, "table" | "name">): boolean =>
  ownChains.some((own) => own.table === table && own.name === name);

function chain(table: Chain["table"], name: string, specs: readonly string[]): Chain {
  const rules = specs.map((spec): Rule => {
    const hash = createHash("sha256").update(`${table} ${name} ${spec}`).digest("hex").slice(0, 12);
    const jump = spec.lastIndexOf("-j ");
    const comment = `-m comment --comment "${commentPrefix}${hash}"`;
    return { hash, text: `-A ${name} ${spec.slice(0, jump)}${comment} ${spec.slice(jump)}` };
  });
  return { table, name, own: isOwn({ table, name }), rules };
}
