/**
 * Models, ports and schemas: all that a driver, a scheduler, an image store or a bus needs of cloudhost, and nothing
 * that keeps state. Loads zod and rxjs only.
 *
 * @packageDocumentation
 */
export * from "../clock/system-clock.ts";
export * from "../clock/virtual-clock.ts";
export * from "../errors.ts";
export * from "../ids.ts";
export * from "../parse.ts";
export * from "../units.ts";
export * from "../audit/model.ts";
export * from "../quotas/model.ts";
export * from "../quotas/request-model.ts";
export * from "../events/model.ts";
export * from "../flavors/model.ts";
export * from "../aggregates/model.ts";
export * from "../hosts/model.ts";
export * from "../images/model.ts";
export * from "../keypairs/model.ts";
export { SortOrder } from "../lists/page-by.ts";
export * from "../names.ts";
export * from "../networks/model.ts";
export * from "../operations/model.ts";
export * from "../projects/model.ts";
export * from "../server-groups/model.ts";
export { CreateDisk, DataDisk } from "../servers/data-disk.ts";
export * from "../servers/model.ts";
export * from "../tags/tags.ts";
export * from "../statistics/model.ts";
export * from "../webhooks/model.ts";
export * from "./bus.ts";
export * from "./chunk-backend.ts";
export * from "./clock.ts";
export * from "./compute-driver.ts";
export * from "./compute-extensions.ts";
export * from "./cpu-budget.ts";
export * from "./driver-module.ts";
export * from "./explanation-text.ts";
export * from "./guest-adopter.ts";
export * from "./guest.ts";
export * from "./host-commands.ts";
export * from "./host-fence.ts";
export * from "./host-images.ts";
export * from "./host.ts";
export * from "./image-store.ts";
export * from "./logger.ts";
export * from "./network-driver.ts";
export * from "./notifier.ts";
export * from "./scheduler.ts";
