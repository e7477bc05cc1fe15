import { lookup } from "node:dns";
import type { LookupAddress, LookupOptions } from "node:dns";
import { BlockList, isIP } from "node:net";
import type { LookupFunction } from "node:net";

/**
 * Addresses that are nobody's on the public internet: one's own machine, one's own network, groups, what is reserved
 * (RFC 6890). A private IPv4 address in an IPv6 one is found by its own range.
 */
const ranges: readonly (readonly [address: string, prefix: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["::", 128],
  ["::1", 128],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
];

const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");

function listOf(subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of subnets) list.addSubnet(address, prefix, familyOf(address));
  return list;
}

const notPublic = listOf(ranges);

/** Keeps requests out of the operator's own network, except where they are allowed. */
export class AddressGuard {
  readonly #allowed: BlockList;

  /** @param allowed ranges as `10.1.0.0/16` */
  constructor(allowed: readonly string[]) {
    this.#allowed = listOf(
      allowed.map((cidr): [string, number] => {
        const [address = "", prefix] = cidr.split("/");
        return [address, Number(prefix)];
      }),
    );
  }

  /** Whether a message may go to that IP address. */
  allows(address: string): boolean {
    const family = familyOf(address);
    return this.#allowed.check(address, family) || !notPublic.check(address, family);
  }

  /** Whether it may go to that URL's host as far as it is an address; a name is looked up when it is connected to. */
  allowsHost(url: string): boolean {
    const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
    return isIP(host) === 0 || this.allows(host);
  }

  /** Resolves names as Node does, and refuses those of which one address is not allowed: at the very connection. */
  readonly lookup: LookupFunction = (name, options: LookupOptions, callback) => {
    lookup(name, { ...options, all: true }, (error, addresses) => {
      const refused = error ?? this.#refusal(name, addresses);
      if (refused !== undefined) return callback(refused, "", 0);
      const [first] = addresses;
      return options.all === true ? callback(null, addresses) : callback(null, first?.address ?? "", first?.family);
    });
  };

  #refusal(name: string, addresses: readonly LookupAddress[]): Error | undefined {
    return addresses.every(({ address }) => this.allows(address))
      ? undefined
      : new Error(`${name} is within a network that webhooks may not reach`);
  }
}
