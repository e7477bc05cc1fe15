import { tmpdir } from "node:os";
import { silentLogger, uuidv7Ids } from "@cloudhost/core/ports";
import type { Clock, ComputeDriver, DriverContext, HostConfig, NetworkDriver } from "@cloudhost/core/ports";
import computeModule from "../src/compute-module.ts";
import networkModule from "../src/network-module.ts";

/** What a driver of this host is opened with. */
export const contextOf = ({ name, reserve }: HostConfig, clock: Clock, dir = tmpdir()): DriverContext => ({
  host: name,
  reserve,
  clock,
  ids: uuidv7Ids(clock),
  logger: silentLogger,
  signal: new AbortController().signal,
  stateDir: dir,
});

/** Opens the compute driver as an agent does: from data. */
export const openCompute = (config: HostConfig, context: DriverContext): Promise<ComputeDriver> =>
  computeModule.open(computeModule.options.parse(config.compute.options), context);

/** Opens the network driver as an agent does: from data. */
export const openNetwork = (config: HostConfig, context: DriverContext): Promise<NetworkDriver> =>
  networkModule.open(networkModule.options.parse(config.network.options), context);
