import type { HostNetwork, NetworkChange } from "@cloudhost/core/ports";

/**
 * The part of a network that changes are about: what they name, and what has an address in common with it, since a
 * binding and a member of one address are one entry of the tenants. Between the parts of two networks lies the same
 * difference as between the networks.
 */
export function changedPart(
  changes: readonly NetworkChange[],
  before: HostNetwork,
  after: HostNetwork,
): { readonly before: HostNetwork; readonly after: HostNetwork } {
  const addresses = new Set<string>();
  for (const change of changes) {
    switch (change.kind) {
      case "member":
        addresses.add(change.member.address);
        break;
      case "noMember":
        addresses.add(change.address);
        break;
      case "binding":
      case "noBinding": {
        const nicId = change.kind === "binding" ? change.binding.id : change.nicId;
        for (const network of [before, after]) {
          const address = network.bindings.get(nicId)?.address;
          if (address !== undefined) addresses.add(address);
        }
      }
    }
  }
  return { before: at(addresses, before), after: at(addresses, after) };
}

/** What of a network has these addresses. */
const at = (addresses: ReadonlySet<string>, { bindings, members }: HostNetwork): HostNetwork => ({
  bindings: new Map([...bindings].filter(([, { address }]) => addresses.has(address))),
  members: new Map([...members].filter(([address]) => addresses.has(address))),
});
