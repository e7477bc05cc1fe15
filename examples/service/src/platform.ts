import { tokens } from "@cloudhost/core";
import type { CloudOptions, Notifier } from "@cloudhost/core";
import { filterScheduler } from "@cloudhost/scheduler";
import { Container } from "inversify";
import { companyBandwidth } from "./bandwidth.ts";
import type { Cursor } from "./events/cursor-file.ts";
import { EventFollower } from "./events/event-follower.ts";
import { gpuFilter, resources } from "./gpu.ts";
import { serviceTokens } from "./service-tokens.ts";

/** What of the platform reaches outside, and so differs in tests. */
export interface Joints {
  /** Who is told of events. */
  readonly notifier: Notifier;
  readonly cursor: Cursor;
}

/** All that makes this platform's cloud its own: for `createCloud` as for `createTestCloud`. */
export function platform({ notifier, cursor }: Joints) {
  const container = new Container();
  container.bind(tokens.bandwidthPolicy).toConstantValue(companyBandwidth);
  container.bind(serviceTokens.notifier).toConstantValue(notifier);
  container.bind(serviceTokens.cursor).toConstantValue(cursor);
  container.bind(EventFollower).toSelf().inSingletonScope();
  const scheduler = filterScheduler({ filters: [gpuFilter] });
  return { container, scheduler, resources } satisfies Partial<CloudOptions>;
}
