/**
 * The suites that every cloudhost driver, backend, bus and store passes. Call one in a vitest file of yours.
 *
 * @packageDocumentation
 */
export * from "./compute-driver/index.ts";
export * from "./network-driver/index.ts";
export * from "./chunk-backend/index.ts";
export * from "./image-store/index.ts";
export * from "./host-fence/index.ts";
export * from "./host-images/index.ts";
export * from "./bus/index.ts";
export * from "./notifier/index.ts";
