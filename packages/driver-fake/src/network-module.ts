import { networkDriverModule } from "@cloudhost/core/ports";
import { networkInventory } from "./inventory.ts";
import { FakeNetworkDriver } from "./network-driver.ts";
import { openPart } from "./open-part.ts";
import { FakeHostOptions } from "./options.ts";

/** Where this module is, for `DriverConfig`. */
export const networkModuleUrl = import.meta.url;

export default networkDriverModule({
  options: FakeHostOptions,
  async open(options, context) {
    const { open, calls } = await openPart("network", options, context);
    const inventory = networkInventory(options, context.reserve);
    return new FakeNetworkDriver({ open, options, inventory, clock: context.clock, calls });
  },
});
