import type { HostBinding, HostNetwork } from "@cloudhost/core/ports";
import { covers, networkOf } from "./addresses.ts";
import type { LinuxNetworkOptions } from "./options.ts";

/**
 * A host's network as it shall be, in the words of the network and of no tool: what a renderer (ipset and iptables
 * today) makes kernel state of.
 */
export interface HostModel {
  readonly bridge: string;
  /** The host's own addresses on the bridge, `10.0.255.1/16`: the guests' gateways. */
  readonly gateways: ReadonlySet<string>;
  readonly uplinks: { readonly internal: string; readonly external: string };
  /** What the guests have of each uplink in kbit/s, the host's reserve taken off; `undefined`: nothing is shaped. */
  readonly capacity: NetworkCapacity | undefined;
  /** Networks whose traffic is internal bandwidth. */
  readonly internalNetworks: readonly string[];
  /** Taps, by name. */
  readonly ports: ReadonlyMap<string, HostBinding>;
  /** Addresses and their tenants, on this host or another. */
  readonly tenants: ReadonlyMap<string, number>;
  /** Addresses on other hosts, and the internal address of each's host. */
  readonly routes: ReadonlyMap<string, string>;
  /** Whether the kernel has fq_codel for the queues of a server's own flows. */
  readonly fairQueues: boolean;
}

/** Bandwidth for guests in kbit/s. */
export interface NetworkCapacity {
  readonly internalKbit: number;
  readonly externalKbit: number;
}

/** What the host is, beside what is asked of it. */
export interface HostFacts {
  readonly options: Pick<LinuxNetworkOptions, "internal" | "external" | "bridge" | "internalNetworks">;
  readonly capacity: NetworkCapacity | undefined;
  readonly fairQueues: boolean;
}

/**
 * The model of a desired network on this host. Pure.
 * @param whole the network that `desired` is a part of: gateways and networks are the whole's
 */
export function hostModel(desired: HostNetwork, facts: HostFacts, whole: HostNetwork = desired): HostModel {
  const { options, capacity, fairQueues } = facts;
  const gateways = new Set<string>();
  for (const { gateway, prefixLength } of whole.bindings.values()) gateways.add(`${gateway}/${prefixLength}`);
  const ports = new Map<string, HostBinding>();
  const tenants = new Map<string, number>();
  const routes = new Map<string, string>();
  for (const { address, tenant, via } of desired.members.values()) {
    tenants.set(address, tenant);
    if (via !== null) routes.set(address, via);
  }
  for (const binding of desired.bindings.values()) {
    ports.set(binding.tap, binding);
    // While an address moves here, its member may still say where it was: what has a tap here is here.
    tenants.set(binding.address, binding.tenant);
    routes.delete(binding.address);
  }
  return {
    bridge: options.bridge,
    gateways,
    uplinks: { internal: options.internal, external: options.external },
    capacity,
    internalNetworks: [...options.internalNetworks, ...uncovered(gateways, options.internalNetworks)],
    ports,
    tenants,
    routes,
    fairQueues,
  };
}

/** Networks of these gateways that lie in none of the others, in a fixed order: filters are compared by their text. */
function uncovered(gateways: Iterable<string>, by: readonly string[]): readonly string[] {
  const networks = new Set(Array.from(gateways, networkOf));
  return [...networks].filter((network) => !by.some((outer) => covers(outer, network))).toSorted();
}
