import { hostname } from "node:os";
import { parseInput, silentLogger, systemClock } from "@cloudhost/core/ports";
import { deleteLinks } from "./links/plan.ts";
import { requireRoot, runnerFor, thisMachine } from "./open.ts";
import { LinuxNetworkOptions } from "./options.ts";
import { HostReader } from "./read.ts";
import { planRoutes } from "./routes.ts";
import { planRuleRemoval } from "./rules/plan.ts";
import { Executor } from "./run/executor.ts";
import { requireTools } from "./run/tools.ts";
import { planSettings, uplinkForwarding } from "./settings.ts";
import type { z } from "zod";
import type { Machine } from "./open.ts";

/**
 * Takes everything of ours off a host: taps, bridge, shapers with their classes, rules, chains, sets and routes. What
 * others made stays. Nothing there is nothing to do. Guests that still run lose their network.
 *
 * @param options those that `linuxNetwork` was given
 * @throws CloudHostError `INVALID_ARGUMENT`, `HOST_UNAVAILABLE`, `DEPENDENCY_MISSING`
 */
export const removeLinuxNetwork = (options: z.input<typeof LinuxNetworkOptions>): Promise<void> =>
  removeFrom(thisMachine(), options);

/** {@link removeLinuxNetwork} of a machine. */
export async function removeFrom(
  machine: Pick<Machine, "run" | "userId">,
  options: z.input<typeof LinuxNetworkOptions>,
): Promise<void> {
  const parsed = parseInput(LinuxNetworkOptions, options, "the options of linuxNetwork()");
  const host = hostname();
  requireRoot(machine, host);
  await requireTools(machine.run);
  const run = runnerFor(parsed, machine.run);
  const reader = new HostReader(run, host);
  const forwarding = uplinkForwarding(parsed.internal);
  const [links, sets, rules, routes, settings] = await Promise.all([
    reader.links(parsed.bridge),
    reader.sets(),
    reader.rules(),
    reader.routes(),
    reader.settings([forwarding, forwardingOfAll]),
  ]);
  const bridge = links.bridge === "absent" ? [] : [parsed.bridge];
  const executor = new Executor(run, { host, clock: systemClock(), logger: silentLogger });
  // Taps first: while rules go, there is nobody left whom they would have held.
  await executor.execute([
    [
      {
        argv: ["ip", "-batch", "-"],
        lines: [
          ...planRoutes(routes, new Map()),
          ...deleteLinks([...links.taps.keys(), ...bridge, ...links.shapers.keys()]),
        ],
      },
    ],
    [{ argv: ["iptables-restore", "--noflush", "-w", "5"], lines: planRuleRemoval(rules) }],
    [
      { argv: ["ipset", "-exist", "restore"], lines: Array.from(sets.keys(), (name) => `destroy ${name}`) },
      // The uplink forwards again as the host's other links do.
      {
        argv: ["sysctl", "-q", "-p", "-"],
        lines: planSettings(settings, new Map([[forwarding, settings.get(forwardingOfAll) ?? "0"]])),
      },
    ],
  ]);
}

const forwardingOfAll = "net.ipv4.conf.all.forwarding";
