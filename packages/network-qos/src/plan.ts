import type { Batch } from "./run/executor.ts";
import { planGuards } from "./guards/plan.ts";
import { planAttachedTaps, planLinks, planUnwantedLinks } from "./links/plan.ts";
import { planRoutes } from "./routes.ts";
import { planRules } from "./rules/plan.ts";
import { planSetAdditions, planSetDeletions } from "./sets/tenant-sets.ts";
import { planSettings } from "./settings.ts";
import { planShaping } from "./shaping/plan.ts";
import type { HostModel } from "./model.ts";
import type { HostState } from "./state.ts";

/**
 * What to run so that a host that is as `present` becomes as `wanted`: stages in order, and in each the batches that may
 * run at once. All are empty when it is so already. Pure.
 *
 * The order keeps packets in at every moment: entries of sets come before the rules that use them and go after, and a
 * tap is attached when its filters, its classes and all rules stand. Unwanted taps go before others are attached: a
 * bridge has room for 1,023.
 */
export function planHost(model: HostModel, present: HostState, wanted: HostState): readonly (readonly Batch[])[] {
  return [
    [
      { argv: ["ip", "-batch", "-"], lines: planLinks(model.bridge, present.links, wanted.links) },
      { argv: ["ipset", "-exist", "restore"], lines: planSetAdditions(present.sets, wanted.sets) },
    ],
    [{ argv: ["iptables-restore", "--noflush", "-w", "5"], lines: planRules(present.rules, wanted.rules) }],
    [
      { argv: ["ipset", "-exist", "restore"], lines: planSetDeletions(present.sets, wanted.sets) },
      { argv: ["sysctl", "-q", "-p", "-"], lines: planSettings(present.settings, wanted.settings) },
      {
        argv: ["tc", "-batch", "-"],
        lines: [
          ...planShaping(model, present.shaping, wanted.shaping),
          ...planGuards(model, present.guards, wanted.guards),
        ],
      },
      { argv: ["ip", "-batch", "-"], lines: planUnwantedLinks(present.links, wanted.links) },
    ],
    [
      {
        argv: ["ip", "-batch", "-"],
        lines: [
          ...planAttachedTaps(model.bridge, present.links, wanted.links),
          ...planRoutes(present.routes, wanted.routes),
        ],
      },
    ],
  ];
}
