import { CloudHostError } from "@cloudhost/core/ports";
import { LinuxNetworkDriver } from "./driver.ts";
import { parseLinkNames } from "./links/parse.ts";
import { probeKernel } from "./probe.ts";
import { outputOf } from "./run/command.ts";
import { openScratchNamespace } from "./run/scratch-namespace.ts";
import { inNamespace, spawnRunner } from "./run/spawn-runner.ts";
import { requireTools } from "./run/tools.ts";
import type { DriverContext, HostReserve } from "@cloudhost/core/ports";
import type { LinuxNetwork } from "./driver.ts";
import type { NetworkCapacity } from "./model.ts";
import type { LinuxNetworkOptions } from "./options.ts";
import type { RunCommand } from "./run/command.ts";
import type { ScratchNamespace } from "./run/scratch-namespace.ts";

/** What the driver needs of the machine; tests stand in for it. */
export interface Machine {
  readonly run: RunCommand;
  readonly openScratchNamespace: () => Promise<ScratchNamespace>;
  /** The user that this process runs as. */
  readonly userId: number | undefined;
}

/** The machine that this process runs on. */
export const thisMachine = (): Machine => ({ run: spawnRunner, openScratchNamespace, userId: process.getuid?.() });

/** What of a driver's context the driver takes. */
export type LinuxNetworkContext = Pick<DriverContext, "host" | "reserve" | "clock" | "logger">;

/**
 * Checks tools, kernel and uplinks and opens the driver. Nothing is changed on the host yet.
 *
 * @throws CloudHostError `HOST_UNAVAILABLE` without root, without the uplinks or without their speed;
 * `DEPENDENCY_MISSING` without the tools or what they need of the kernel
 */
export const openLinuxNetwork = (options: LinuxNetworkOptions, context: LinuxNetworkContext): Promise<LinuxNetwork> =>
  openOn(thisMachine(), options, context);

/** {@link openLinuxNetwork} on a machine. */
export async function openOn(
  machine: Machine,
  options: LinuxNetworkOptions,
  context: LinuxNetworkContext,
): Promise<LinuxNetwork> {
  const { host, reserve, logger } = context;
  requireRoot(machine, host);
  await requireTools(machine.run);
  const run = runnerFor(options, machine.run);
  await requireUplinks(run, options, host);
  const capacity = await capacityOf(run, options, reserve, host);
  await using scratch = await machine.openScratchNamespace();
  const { shaping, fairQueues, reason } = await probeKernel(scratch.run);
  if (!shaping) logger.warn({ host, reason }, "This kernel cannot shape: the host offers no bandwidth.");
  return new LinuxNetworkDriver(run, context, { options, capacity: shaping ? capacity : undefined, fairQueues });
}

/** Runs commands where the options say. */
export const runnerFor = ({ netns }: Pick<LinuxNetworkOptions, "netns">, run: RunCommand): RunCommand =>
  netns === undefined ? run : inNamespace(run, `/run/netns/${netns}`);

/** @throws CloudHostError `HOST_UNAVAILABLE` */
export function requireRoot({ userId }: Pick<Machine, "userId">, host: string): void {
  if (userId === 0) return;
  throw unavailable(host, "not root", "The network of a host can only be changed by root on Linux.");
}

async function requireUplinks(
  run: RunCommand,
  { internal, external }: LinuxNetworkOptions,
  host: string,
): Promise<void> {
  const names = parseLinkNames(await outputOf(run, { argv: ["ip", "-j", "-d", "address", "show"] }, host));
  for (const uplink of [internal, external]) {
    if (!names.includes(uplink)) throw unavailable(host, `no link ${uplink}`, `Host ${host} has no link ${uplink}.`);
  }
}

async function capacityOf(
  run: RunCommand,
  options: LinuxNetworkOptions,
  reserve: Pick<HostReserve, "internalKbit" | "externalKbit">,
  host: string,
): Promise<NetworkCapacity> {
  const guestsKbit = async (network: "internal" | "external"): Promise<number> => {
    const key = `${network}Kbit` as const;
    const kbit = options[key] ?? (await linkKbit(run, options, options[network]));
    if (kbit !== undefined) return Math.max(0, kbit - reserve[key]);
    const uplink = options[network];
    throw unavailable(host, `${uplink} reports no speed`, `Link ${uplink} reports no speed: set ${key}.`);
  };
  return { internalKbit: await guestsKbit("internal"), externalKbit: await guestsKbit("external") };
}

/** What a link of this process's own namespace reports: /sys shows no other's. */
async function linkKbit(run: RunCommand, { netns }: LinuxNetworkOptions, link: string): Promise<number | undefined> {
  if (netns !== undefined) return undefined;
  const { stdout } = await run({ argv: ["cat", `/sys/class/net/${link}/speed`] });
  const mbit = Number(stdout.trim());
  return Number.isInteger(mbit) && mbit > 0 ? mbit * 1000 : undefined;
}

const unavailable = (host: string, reason: string, message: string): CloudHostError =>
  new CloudHostError("HOST_UNAVAILABLE", message, { host, reason });
