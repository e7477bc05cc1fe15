import { computeDriverModule } from "@cloudhost/core/ports";
import { FakeComputeDriver } from "./compute-driver.ts";
import { computeInventory } from "./inventory.ts";
import { openPart } from "./open-part.ts";
import { FakeHostOptions } from "./options.ts";

/** Where this module is, for `DriverConfig`. */
export const computeModuleUrl = import.meta.url;

export default computeDriverModule({
  options: FakeHostOptions,
  async open(options, context) {
    const { open, calls } = await openPart("compute", options, context);
    const inventory = computeInventory(options, context.reserve);
    return FakeComputeDriver.of({ open, options, inventory, clock: context.clock, calls });
  },
});
