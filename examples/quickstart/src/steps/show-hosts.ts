import { collect } from "../answers.ts";
import type { Tour } from "../tour.ts";

/** What each host has for guests, its own reserve taken off. */
export async function showHosts({ operator, say, stop }: Tour): Promise<void> {
  const hosts = await stop.until(collect(operator.hosts.list()));
  say({
    event: "hosts",
    hosts: hosts.flatMap(({ name, zone, inventory, resources }) => {
      if (inventory === null) return [];
      const { cpuModel, hypervisor, guestCores, milliEcuPerCore, milliEcuEstimated } = inventory;
      return [{ name, zone, cpuModel, hypervisor, guestCores, milliEcuPerCore, milliEcuEstimated, resources }];
    }),
  });
}
