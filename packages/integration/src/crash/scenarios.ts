import type { Scenarios } from "./scenario.ts";
import { creations } from "./scenarios/creations.ts";
import { deadHosts } from "./scenarios/dead-hosts.ts";
import { deletions } from "./scenarios/deletions.ts";
import { devices } from "./scenarios/devices.ts";
import { images } from "./scenarios/images.ts";
import { moves } from "./scenarios/moves.ts";
import { power } from "./scenarios/power.ts";
import { shelving } from "./scenarios/shelving.ts";

/** Every operation that a user can ask for, by kind. */
export const scenarios: Scenarios = {
  ...creations,
  ...power,
  ...deletions,
  ...moves,
  ...shelving,
  ...devices,
  ...deadHosts,
  ...images,
};
