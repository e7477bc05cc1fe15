import { networkDriverModule, parseInput } from "@cloudhost/core/ports";
import type { DriverConfig } from "@cloudhost/core/ports";
import { openLinuxNetwork } from "./open.ts";
import { LinuxNetworkOptions } from "./options.ts";
import type { z } from "zod";

/**
 * A Linux host's network, as a driver for `host({ network })`. Root is needed where the host is opened, not here.
 *
 * @throws CloudHostError `INVALID_ARGUMENT`
 * @example
 * host({ name: "host-1", zone: "az-1", compute, network: linuxNetwork({ internal: "eth0", external: "eth1" }) });
 */
export function linuxNetwork(options: z.input<typeof LinuxNetworkOptions>): DriverConfig {
  const parsed = parseInput(LinuxNetworkOptions, options, "the options of linuxNetwork()");
  // JSON knows no undefined: what was not given is not there.
  const given = Object.entries(parsed).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  return { module: import.meta.url, options: Object.fromEntries(given) };
}

export default networkDriverModule({ options: LinuxNetworkOptions, open: openLinuxNetwork });
