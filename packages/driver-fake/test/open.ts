import { tmpdir } from "node:os";
import { silentLogger, uuidv7Ids } from "@cloudhost/core/ports";
import type { Clock, ComputeDriver, DriverContext, HostConfig, NetworkDriver } from "@cloudhost/core/ports";
import type computeModule from "../src/compute-module.ts";
import type networkModule from "../src/network-module.ts";

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
export async function openCompute({ compute }: HostConfig, context: DriverContext): Promise<ComputeDriver> {
  const { default: module } = (await import(compute.module)) as { readonly default: typeof computeModule };
  return module.open(module.options.parse(compute.options), context);
}

/** Opens the network driver as an agent does: from data. */
export async function openNetwork({ network }: HostConfig, context: DriverContext): Promise<NetworkDriver> {
  const { default: module } = (await import(network.module)) as { readonly default: typeof networkModule };
  return module.open(module.options.parse(network.options), context);
}
