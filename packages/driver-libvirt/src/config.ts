import { parseInput } from "@cloudhost/core/ports";
import type { DriverConfig } from "@cloudhost/core/ports";
import type { z } from "zod";
import { moduleUrl } from "./module.ts";
import { LibvirtOptions } from "./options.ts";

/**
 * A host's compute through libvirt, as data: give it to `host({ compute })`.
 *
 * @throws CloudHostError `INVALID_ARGUMENT`
 * @example
 * host({ name: "host-1", zone: "az-1", compute: libvirt({ uri: "qemu:///system" }), network: linuxNetwork({ internal: "eth0", external: "eth1" }) });
 */
export function libvirt(options: z.input<typeof LibvirtOptions> = {}): DriverConfig {
  const parsed = parseInput(LibvirtOptions, options, "the options of libvirt()");
  return { module: moduleUrl, options: JSON.parse(JSON.stringify(parsed)) as DriverConfig["options"] };
}
