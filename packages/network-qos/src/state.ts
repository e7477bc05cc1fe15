import type { HostModel } from "./model.ts";
import { wantedGuards } from "./guards/state.ts";
import { wantedLinks } from "./links/state.ts";
import { wantedRoutes } from "./routes.ts";
import { wantedRules } from "./rules/state.ts";
import { wantedSets } from "./sets/tenant-sets.ts";
import { wantedSettings } from "./settings.ts";
import { wantedShaping } from "./shaping/state.ts";
import type { GuardState } from "./guards/state.ts";
import type { LinkState } from "./links/state.ts";
import type { RouteState } from "./routes.ts";
import type { RuleState } from "./rules/state.ts";
import type { SetState } from "./sets/tenant-sets.ts";
import type { SettingState } from "./settings.ts";
import type { ShapingState } from "./shaping/state.ts";

/** All that is ours in a host's kernel, subsystem by subsystem: as it was read, or as it is wanted. */
export interface HostState {
  readonly links: LinkState;
  readonly sets: SetState;
  readonly rules: RuleState;
  readonly settings: SettingState;
  readonly shaping: ShapingState;
  readonly guards: GuardState;
  readonly routes: RouteState;
}

/** Renders a model for ipset, iptables and tc. Pure. */
export const wantedState = (model: HostModel): HostState => ({
  links: wantedLinks(model),
  sets: wantedSets(model),
  rules: wantedRules(model),
  settings: wantedSettings(model),
  shaping: wantedShaping(model),
  guards: wantedGuards(model),
  routes: wantedRoutes(model),
});
