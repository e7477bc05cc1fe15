import { isAbsolute } from "node:path";
import { z } from "zod";
import type { Ids } from "../ids.ts";
import { parseInput } from "../parse.ts";
import type { Clock } from "./clock.ts";
import type { ComputeDriver } from "./compute-driver.ts";
import { HostReserve } from "./host.ts";
import type { Logger } from "./logger.ts";
import type { NetworkDriver } from "./network-driver.ts";

/**
 * A driver as data: which module has it, and with what options. `libvirt({…})` and `linuxNetwork({…})` return such, fit
 * for a worker, a configuration file and `cloudhost-agent` alike.
 */
export const DriverConfig = z.strictObject({
  /** Absolute URL of the module whose default export is a {@link DriverModule}, made from its `import.meta.url`. */
  module: z.url(),
  /** JSON, parsed by the module's own schema. */
  options: z.record(z.string(), z.json()),
});
export type DriverConfig = z.infer<typeof DriverConfig>;

/** A host as data. */
export const HostConfig = z.strictObject({
  /** Unique in the cloud: a DNS label. */
  name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "not a DNS label in lowercase"),
  /** The availability zone: servers of different zones never share a host. */
  zone: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "not a DNS label in lowercase"),
  reserve: HostReserve.prefault({}),
  compute: DriverConfig,
  network: DriverConfig,
  /** Folder of its agent's command journal and of its drivers; one below the cloud's own by default. */
  stateDir: z.string().refine(isAbsolute, "not an absolute path").optional(),
});
export type HostConfig = z.infer<typeof HostConfig>;

/**
 * A host's configuration, checked and with its defaults.
 * @throws CloudHostError `INVALID_ARGUMENT`
 * @example
 * host({ name: "host-1", zone: "az-1", compute: libvirt({ uri: "qemu:///system" }), network: linuxNetwork({ internal: "eth0", external: "eth1" }) });
 */
export const host = (config: z.input<typeof HostConfig>): HostConfig => parseInput(HostConfig, config, "a host");

/** What a driver is opened with. */
export interface DriverContext {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  /** Fires when the host is closed. */
  readonly signal: AbortSignal;
  /** A folder of this driver alone; it exists. */
  readonly stateDir: string;
  readonly host: string;
  readonly reserve: HostReserve;
}

/** What a driver's module exports by default. */
export type DriverModule<Options extends z.ZodType = z.ZodType> =
  | DriverModuleOf<"compute", Options, ComputeDriver>
  | DriverModuleOf<"network", Options, NetworkDriver>;

/** A module of one kind of driver. */
export interface DriverModuleOf<Kind extends string, Options extends z.ZodType, Driver> {
  readonly kind: Kind;
  /** Parses {@link DriverConfig} `options`. */
  readonly options: Options;
  /**
   * Connects and probes; from then on capabilities stand fixed.
   * @throws CloudHostError `HOST_UNAVAILABLE` or `DEPENDENCY_MISSING`, with a sentence that says what to do
   */
  open(options: z.output<Options>, context: DriverContext): Promise<Driver>;
}

/** Defines a module of compute drivers: `export default computeDriverModule({ options, open })`. */
export const computeDriverModule = <Options extends z.ZodType>(
  module: Omit<DriverModuleOf<"compute", Options, ComputeDriver>, "kind">,
): DriverModuleOf<"compute", Options, ComputeDriver> => ({ kind: "compute", ...module });

/** Defines a module of network drivers. */
export const networkDriverModule = <Options extends z.ZodType>(
  module: Omit<DriverModuleOf<"network", Options, NetworkDriver>, "kind">,
): DriverModuleOf<"network", Options, NetworkDriver> => ({ kind: "network", ...module });
