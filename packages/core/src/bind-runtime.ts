import { mkdir } from "node:fs/promises";
import type { Container, ServiceIdentifier } from "inversify";
import { Subject } from "rxjs";
import { clockHeartbeats } from "./agent/heartbeats.ts";
import { heartbeatThread } from "./agent/heartbeat-thread.ts";
import { InProcessBus } from "./agent/in-process-bus.ts";
import { systemClock } from "./clock/system-clock.ts";
import { VirtualClock } from "./clock/virtual-clock.ts";
import type { CheckedOptions, CloudOptions } from "./cloud-options.ts";
import { CloudHostError } from "./errors.ts";
import { migrateDatabase, requireSchema } from "./database/migrations/migrate.ts";
import { openDatabase } from "./database/open-database.ts";
import { DeclaredResourceNames } from "./hosts/declared-resources.ts";
import { uuidv7Ids } from "./ids.ts";
import { silentLogger } from "./ports/logger.ts";
import { tokens } from "./tokens.ts";
import { noCarrier } from "./webhooks/no-carrier.ts";

async function makeStateDir(stateDir: string): Promise<void> {
  try {
    await mkdir(stateDir, { recursive: true });
  } catch (cause) {
    const issues = [{ path: "stateDir", message: (cause as Error).message }];
    throw new CloudHostError("INVALID_ARGUMENT", `The folder ${stateDir} cannot be made.`, { issues }, { cause });
  }
}

/**
 * Binds what is opened rather than made: clock, ids, database, image store, bus. What the product bound stays, and is
 * the product's to close; nothing is opened in its stead.
 */
export async function bindRuntime(
  container: Container,
  options: CloudOptions,
  checked: CheckedOptions,
  opened: AsyncDisposableStack,
): Promise<AbortController> {
  const closing = new AbortController();
  const logger = options.logger ?? silentLogger;
  /** What the product bound; else what is made, which is then bound. */
  const bound = async <T>(token: ServiceIdentifier<T>, make: () => T | Promise<T>): Promise<T> => {
    if (!container.isBound(token)) container.bind(token).toConstantValue(await make());
    return container.get(token);
  };
  const clock = await bound(tokens.clock, () => systemClock());
  const ids = await bound(tokens.ids, () => uuidv7Ids(clock));
  await bound(tokens.logger, () => logger);
  await makeStateDir(checked.stateDir);
  const { database: address, tablePrefix } = options;
  const database = await bound(tokens.database, async () =>
    opened.use(await openDatabase({ database: address, tablePrefix, clock })),
  );
  await (checked.migrate ? migrateDatabase(database) : requireSchema(database));
  await bound(tokens.imageStore, async () => opened.use(await options.images.open({ clock, ids, logger })));
  await bound(tokens.webhookCarrier, () => options.notifiers?.webhook ?? noCarrier);
  await bound(tokens.scheduler, () => options.scheduler);
  await bound(tokens.bus, () => opened.use(new InProcessBus({ clock, logger })));
  await bound(tokens.heartbeats, () =>
    opened.use(clock instanceof VirtualClock ? clockHeartbeats(clock) : heartbeatThread()),
  );
  await bound(tokens.declaredResources, () => new DeclaredResourceNames(options.resources ?? {}));
  await bound(tokens.outboxWritten, () => new Subject<void>());
  const { stateDir, leaseMs, concurrency, heartbeatMs, eventsKeptMs, timeoutsMs, drift, webhooks } = checked;
  const onBoundary = container.isBound(tokens.onBoundary) ? container.get(tokens.onBoundary) : () => {};
  const runsOperations = checked.runs !== "api";
  const timing = { leaseMs, concurrency, heartbeatMs, eventsKeptMs, timeoutsMs, drift };
  const { policy } = options;
  const { projectRoles, quotas } = checked;
  const servers = { restoreMs: checked.restoreMs, rescueImage: checked.rescueImage };
  const settings = {
    stateDir,
    ...timing,
    webhooks,
    servers,
    runsOperations,
    closed: closing.signal,
    onBoundary,
    policy,
    fence: options.fence,
    projectRoles,
    quotas,
  };
  await bound(tokens.settings, () => settings);
  return closing;
}
