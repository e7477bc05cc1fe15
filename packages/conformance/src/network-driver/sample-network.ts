import { macAddress, systemClock, tapName, uuidv7Ids } from "@cloudhost/core/ports";
import type { HostBinding, HostNetwork, TenantMember } from "@cloudhost/core/ports";

const ids = uuidv7Ids(systemClock());

/**
 * A server's interface in `10.98.0.0/16` for tests: two of one index differ in everything but address and class.
 * @param index 1 to 4,000
 */
export function sampleBinding(index: number, differing: Partial<HostBinding> = {}): HostBinding {
  const id = ids.next("nic");
  return {
    id,
    serverId: ids.next("srv"),
    tap: tapName(id),
    mac: macAddress(id),
    address: `10.98.${index >> 8}.${index & 0xff}`,
    prefixLength: 16,
    gateway: "10.98.255.1",
    tenant: 1,
    classId: 0x10 + index,
    internal: { rateKbit: 10_000, ceilKbit: 100_000 },
    external: null,
    ...differing,
  };
}

/** The network of these bindings; each is a member of its tenant, as those on other hosts are. */
export const networkOf = (
  bindings: readonly HostBinding[],
  otherMembers: readonly TenantMember[] = [],
): HostNetwork => ({
  bindings: new Map(bindings.map((binding) => [binding.id, binding])),
  members: new Map(
    [...bindings.map(({ address, tenant }) => ({ address, tenant, via: null })), ...otherMembers].map((member) => [
      member.address,
      member,
    ]),
  ),
});
