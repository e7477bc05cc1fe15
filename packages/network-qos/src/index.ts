/**
 * Networking of a Linux host: taps on one routed bridge, tenants kept apart at constant cost, bandwidth by HTB.
 *
 * @packageDocumentation
 */
export { linuxNetwork } from "./linux-network.ts";
export { openLinuxNetwork } from "./open.ts";
export { removeLinuxNetwork } from "./remove.ts";
export { LinuxNetworkOptions } from "./options.ts";
export type { LinuxNetwork } from "./driver.ts";
export type { LinuxNetworkContext } from "./open.ts";
