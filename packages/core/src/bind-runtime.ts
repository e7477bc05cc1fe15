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

/** Binds what is opened rather than made: clock, ids, database, image store, bus. What the product bound stays. */
export async function bindRuntime(
  container: Container,
  options: CloudOptions,
  checked: CheckedOptions,
  opened: AsyncDisposableStack,
): Promise<AbortController> {
  const closing = new AbortController();
  const logger = options.logger ?? silentLogger;
  const clock = container.isBound(tokens.clock) ? container.get(tokens.clock) : systemClock();
  const ids = container.isBound(tokens.ids) ? container.get(tokens.ids) : uuidv7Ids(clock);
  await makeStateDir(checked.stateDir);
  const database = opened.use(
    await openDatabase({ database: options.database, tablePrefix: options.tablePrefix, clock }),
  );
  await (checked.migrate ? migrateDatabase(database) : requireSchema(database));
  const imageStore = opened.use(await options.images.open({ clock, ids, logger }));

  const bindDefault = (token: ServiceIdentifier, make: () => unknown): void => {
    if (!container.isBound(token)) container.bind(token).toConstantValue(make());
  };
  bindDefault(tokens.clock, () => clock);
  bindDefault(tokens.ids, () => ids);
  bindDefault(tokens.logger, () => logger);
  bindDefault(tokens.database, () => database);
  bindDefault(tokens.imageStore, () => imageStore);
  bindDefault(tokens.webhookCarrier, () => options.notifiers?.webhook ?? noCarrier);
  bindDefault(tokens.scheduler, () => options.scheduler);
  bindDefault(tokens.bus, () => opened.use(new InProcessBus({ clock, logger })));
  bindDefault(tokens.heartbeats, () =>
    opened.use(clock instanceof VirtualClock ? clockHeartbeats(clock) : heartbeatThread()),
  );
  bindDefault(tokens.declaredResources, () => new DeclaredResourceNames(options.resources ?? {}));
  bindDefault(tokens.outboxWritten, () => new Subject<void>());
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
    projectRoles,
    quotas,
  };
  bindDefault(tokens.settings, () => settings);
  return closing;
}
