import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { CloudHostError } from "../errors.ts";
import { parseInput } from "../parse.ts";
import type { ComputeDriver } from "../ports/compute-driver.ts";
import type { DriverConfig, DriverContext, DriverModule, HostConfig } from "../ports/driver-module.ts";
import type { NetworkDriver } from "../ports/network-driver.ts";

/** A host's drivers, open. */
export interface HostDrivers extends AsyncDisposable {
  readonly compute: ComputeDriver;
  readonly network: NetworkDriver;
}

/**
 * Imports the modules that a host's configuration names, and opens its drivers, the network's first: what does not
 * open leaves nothing open.
 *
 * @param context what both get; each has a folder of its own below `stateDir`
 * @throws CloudHostError `DEPENDENCY_MISSING` when there is no such module, `INVALID_ARGUMENT` when it is not what it
 * should be or does not take the options, and what the drivers throw
 */
export async function openDrivers(config: HostConfig, context: DriverContext): Promise<HostDrivers> {
  await using opened = new AsyncDisposableStack();
  const network = opened.use(await openDriver<NetworkDriver>("network", config.network, context));
  const compute = opened.use(await openDriver<ComputeDriver>("compute", config.compute, context));
  const stack = opened.move();
  return { compute, network, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function openDriver<Driver>(
  kind: DriverModule["kind"],
  config: DriverConfig,
  context: DriverContext,
): Promise<Driver> {
  const module = await importDriver(kind, config.module, context.host);
  const options = parseInput(module.options, config.options, `the options of the ${kind} driver of ${context.host}`);
  const stateDir = join(context.stateDir, kind);
  await mkdir(stateDir, { recursive: true });
  return (await module.open(options, { ...context, stateDir })) as Driver;
}

async function importDriver(kind: DriverModule["kind"], url: string, host: string): Promise<DriverModule> {
  let exports: { readonly default?: Partial<DriverModule> };
  try {
    exports = (await import(url)) as typeof exports;
  } catch (cause) {
    const remedy = `Install the package of the ${kind} driver where the agent of ${host} runs, or correct its module.`;
    throw new CloudHostError(
      "DEPENDENCY_MISSING",
      `The ${kind} driver ${url} cannot be loaded.`,
      { dependency: url, remedy },
      { cause },
    );
  }
  const module = exports.default;
  if (module?.kind === kind && module.options !== undefined && module.open !== undefined) return module as DriverModule;
  const message = `${url} is not a module of ${kind} drivers`;
  throw new CloudHostError("INVALID_ARGUMENT", `${message}.`, { issues: [{ path: `${kind}.module`, message }] });
}
