import { macAddress, tapName } from "@cloudhost/core/ports";
import type { HostBinding, HostNetwork } from "@cloudhost/core/ports";

/** The network that stood on a host when the tools' outputs beside this file were recorded. */
export const recordedNetwork: HostNetwork = {
  bindings: new Map(
    [
      // The MAC of the first ends in 00: tc leaves bucket 0 out of the filter's handle.
      binding("01", "10.0.0.11", 1, 0x10, { rateKbit: 10_000, ceilKbit: 200_000 }, null),
      binding(
        "02",
        "10.0.0.12",
        1,
        0xfff,
        { rateKbit: 1_234_567, ceilKbit: 9_876_543 },
        { rateKbit: 64, ceilKbit: 1500 },
      ),
      binding("03", "10.1.0.13", 65_535, 0xffff, { rateKbit: 1, ceilKbit: 3 }, { rateKbit: 1001, ceilKbit: 1001 }),
    ].map((each) => [each.id, each]),
  ),
  members: new Map([["10.0.3.9", { address: "10.0.3.9", tenant: 1, via: "172.20.0.2" }]]),
};

function binding(
  number: string,
  address: string,
  tenant: number,
  classId: number,
  internal: HostBinding["internal"],
  external: HostBinding["external"],
): HostBinding {
  const id = `nic_000000000000000000000000${number}`;
  return {
    id,
    serverId: `srv_000000000000000000000000${number}`,
    tap: tapName(id),
    mac: number === "01" ? "02:aa:bb:cc:dd:00" : macAddress(id),
    address,
    prefixLength: 16,
    gateway: address.startsWith("10.0.") ? "10.0.255.1" : "10.1.255.1",
    tenant,
    classId,
    internal,
    external,
  };
}
