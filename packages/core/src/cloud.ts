import { mkdir } from "node:fs/promises";
import { Container } from "inversify";
import type { ServiceIdentifier } from "inversify";
import { Subject } from "rxjs";
import { Caller } from "./access/caller.ts";
import type { ActorCloud } from "./actor-cloud.ts";
import { aggregatesModule } from "./aggregates/module.ts";
import { Aggregates } from "./aggregates/service.ts";
import { clockHeartbeats } from "./agent/heartbeats.ts";
import { heartbeatThread } from "./agent/heartbeat-thread.ts";
import { InProcessBus } from "./agent/in-process-bus.ts";
import { auditModule } from "./audit/module.ts";
import { LogRetention } from "./audit/retention.ts";
import { OperationLog } from "./audit/service.ts";
import { systemClock } from "./clock/system-clock.ts";
import { VirtualClock } from "./clock/virtual-clock.ts";
import { checkOptions } from "./cloud-options.ts";
import type { CheckedOptions, CloudOptions } from "./cloud-options.ts";
import { CloudHostError } from "./errors.ts";
import { migrateDatabase, requireSchema } from "./database/migrations/migrate.ts";
import { openDatabase } from "./database/open-database.ts";
import { eventsModule } from "./events/module.ts";
import { readEvents } from "./events/service.ts";
import { flavorsModule } from "./flavors/module.ts";
import { Flavors } from "./flavors/service.ts";
import { DeclaredResourceNames } from "./hosts/declared-resources.ts";
import { hostsModule } from "./hosts/module.ts";
import { Hosts } from "./hosts/service.ts";
import { uuidv7Ids } from "./ids.ts";
import { imagesModule } from "./images/module.ts";
import { Images } from "./images/service.ts";
import { keypairsModule } from "./keypairs/module.ts";
import { Keypairs } from "./keypairs/service.ts";
import { networksModule } from "./networks/module.ts";
import { operationsModule } from "./operations/module.ts";
import { Operations } from "./operations/service.ts";
import { silentLogger } from "./ports/logger.ts";
import type { Actor } from "./projects/model.ts";
import { projectsModule } from "./projects/module.ts";
import { Members } from "./projects/member-service.ts";
import { Projects } from "./projects/service.ts";
import { quotasModule } from "./quotas/module.ts";
import { QuotaRequests } from "./quotas/request-service.ts";
import { Quotas } from "./quotas/service.ts";
import { serverGroupsModule } from "./server-groups/module.ts";
import { ServerGroups } from "./server-groups/service.ts";
import { serversModule } from "./servers/module.ts";
import { Servers } from "./servers/service.ts";
import { OperationsView } from "./statistics/service.ts";
import { tokens } from "./tokens.ts";
import { webhooksModule } from "./webhooks/module.ts";
import { noCarrier } from "./webhooks/no-carrier.ts";
import { Webhooks } from "./webhooks/service.ts";

/**
 * A cloud. Everything is on {@link Cloud.as}; nothing is shared between two clouds of one process.
 */
export interface Cloud extends AsyncDisposable {
  /**
   * The cloud as somebody. The host product has authenticated them and says what they are.
   * @throws CloudHostError `INVALID_ARGUMENT` for what is no actor
   * @example
   * const album = cloud.as({ userId: "amy", projectId: "album", roles: ["member"] });
   */
  as(actor: Actor): ActorCloud;
  /**
   * Accepts nothing more, waits for the operations under way within a deadline, and leaves no timer, handle or thread.
   * What was not done goes on at the next start, here or in another process.
   */
  close(): Promise<void>;
}

/**
 * Opens a cloud: its store, its hosts, its operations. What a crash left half done goes on.
 *
 * @throws CloudHostError `INVALID_ARGUMENT`, `DEPENDENCY_MISSING`, `VERSION_MISMATCH` for a database of another version,
 * `HOST_UNAVAILABLE` for a database that does not answer
 * @example
 * await using cloud = await createCloud({
 *   database: "sqlite:./state/cloud.db",
 *   scheduler: filterScheduler(),
 *   images: imageStore({ backend: fileSystemBackend("./state/images") }),
 *   hosts: fakeFleet({ hosts: 3, zones: ["az-1", "az-2"] }),
 * });
 */
export async function createCloud(options: CloudOptions): Promise<Cloud> {
  const checked = checkOptions(options);
  // Undone from the last to the first when the cloud closes, and when it does not open.
  await using opened = new AsyncDisposableStack();
  const container = options.container ?? new Container();
  if (container.isBound(tokens.settings)) throw usedContainer();
  const closing = await bindRuntime(container, options, checked, opened);
  container.load(
    eventsModule,
    projectsModule,
    quotasModule,
    auditModule,
    flavorsModule,
    keypairsModule,
    networksModule,
    imagesModule,
    aggregatesModule,
    hostsModule,
    serverGroupsModule,
    serversModule,
    operationsModule,
    webhooksModule,
  );
  const network = await container.get(tokens.networks).ensure(checked.network);
  container.bind(tokens.fixedNetwork).toConstantValue(network);

  const runtime = container.get(tokens.runtime);
  const engine = container.get(tokens.engine);
  if (checked.runs !== "api") {
    opened.use(runtime);
    await runtime.openAll(checked.hosts);
    const monitor = opened.use(container.get(tokens.hostMonitor));
    monitor.start();
    opened.use(startReconcilers(container, checked.logKeptMs));
  }
  await container.get(tokens.feed).refresh();
  await engine.start();
  opened.defer(async () => {
    await engine.close(checked.drainMs);
    closing.abort();
  });
  return new OpenedCloud(container, closing.signal, opened.move());
}

class OpenedCloud implements Cloud {
  readonly #container: Container;
  readonly #closed: AbortSignal;
  readonly #opened: AsyncDisposableStack;
  readonly #closing = new AbortController();
  #closes: Promise<void> | undefined;

  constructor(container: Container, closed: AbortSignal, opened: AsyncDisposableStack) {
    this.#container = container;
    this.#closed = closed;
    this.#opened = opened;
  }

  as(actor: Actor): ActorCloud {
    const get = this.#container.get.bind(this.#container);
    const [database, ids, clock, engine] = [
      get(tokens.database),
      get(tokens.ids),
      get(tokens.clock),
      get(tokens.engine),
    ];
    const [servers, images, imageStore, projects] = [
      get(tokens.servers),
      get(tokens.images),
      get(tokens.imageStore),
      get(tokens.projects),
    ];
    const members = get(tokens.members);
    const caller = new Caller(actor, {
      projects,
      log: get(tokens.log),
      database,
      clock,
      logger: get(tokens.logger),
      policy: get(tokens.settings).policy,
      ...(get(tokens.settings).projectRoles === "members" ? { members } : {}),
      closing: this.#closing.signal,
    });
    const events = { database, clock, written: get(tokens.outboxWritten), closed: this.#closed };
    return {
      servers: new Servers(caller, {
        database,
        servers,
        planner: get(tokens.planner),
        engine,
        guests: get(tokens.guestWatch),
        flavors: get(tokens.flavors),
        hosts: get(tokens.hosts),
        sizes: get(tokens.serverSizes),
        fleet: get(tokens.feed),
        claimChanges: get(tokens.claimChanges),
        ids,
        clock,
        options: get(tokens.settings).servers,
      }),
      serverGroups: new ServerGroups(caller, { database, groups: get(tokens.serverGroups), ids, clock }),
      images: new Images(caller, { images, servers, imageStore, engine, ids, clock }),
      flavors: new Flavors(caller, {
        database,
        flavors: get(tokens.flavors),
        ids,
        clock,
        declared: get(tokens.declaredResources),
      }),
      keypairs: new Keypairs(caller, { database, keypairs: get(tokens.keypairs), ids, clock }),
      quotas: new Quotas(caller, { database, quotas: get(tokens.quotas), projects }),
      projects: new Projects(caller, {
        database,
        projects,
        quotas: get(tokens.quotas),
        requests: get(tokens.quotaRequests),
        ids,
        clock,
        defaultQuotas: get(tokens.settings).quotas,
      }),
      members: new Members(caller, { database, members, clock }),
      quotaRequests: new QuotaRequests(caller, {
        database,
        quotas: get(tokens.quotas),
        requests: get(tokens.quotaRequests),
        ids,
        clock,
        written: get(tokens.outboxWritten),
      }),
      hosts: new Hosts(caller, {
        database,
        hosts: get(tokens.hosts),
        feed: get(tokens.feed),
        runtime: get(tokens.runtime),
        auditor: get(tokens.usageAuditor),
      }),
      aggregates: new Aggregates(caller, {
        database,
        aggregates: get(tokens.aggregates),
        hosts: get(tokens.hosts),
        feed: get(tokens.feed),
        ids,
        clock,
      }),
      operations: new Operations(caller, { operations: get(tokens.operations), engine }),
      webhooks: new Webhooks(caller, {
        database,
        webhooks: get(tokens.webhooks),
        deliveries: get(tokens.webhookDeliveries),
        carrier: get(tokens.webhookCarrier),
        secrets: get(tokens.webhookSecrets),
        ids,
        clock,
      }),
      statistics: new OperationsView(caller, { database, clock }),
      log: new OperationLog(caller, get(tokens.log)),
      events: (input = {}) => readEvents(caller, events, input),
    };
  }

  close(): Promise<void> {
    this.#closing.abort();
    this.#closes ??= this.#opened.disposeAsync();
    return this.#closes;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const usedContainer = (): CloudHostError => {
  const issues = [{ path: "container", message: "another cloud has it, or had it" }];
  return new CloudHostError("INVALID_ARGUMENT", "A container is for one cloud: give each one of its own.", { issues });
};

async function makeStateDir(stateDir: string): Promise<void> {
  try {
    await mkdir(stateDir, { recursive: true });
  } catch (cause) {
    const issues = [{ path: "stateDir", message: (cause as Error).message }];
    throw new CloudHostError("INVALID_ARGUMENT", `The folder ${stateDir} cannot be made.`, { issues }, { cause });
  }
}

/** Binds what is opened rather than made: clock, ids, database, image store, bus. What the product bound stays. */
async function bindRuntime(
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

/** How often what must follow by itself is looked at, in milliseconds: networks that lag behind, guests unheard of, deleted servers, old events, usage, webhooks. */
const reconcileMs = {
  networks: 5_000,
  guests: 60_000,
  purge: 60_000,
  events: 600_000,
  usage: 600_000,
  webhooks: 1_000,
};

function startReconcilers(container: Container, logKeptMs: number | undefined): AsyncDisposable {
  const clock = container.get(tokens.clock);
  const logger = container.get(tokens.logger);
  const convergence = container.get(tokens.networkConvergence);
  const guests = container.get(tokens.guestWatch);
  const failed = (what: string) => (err: unknown) => logger.error({ err }, `${what} cannot be reconciled`);
  const stack = new AsyncDisposableStack();
  stack.use(clock.every(reconcileMs.networks, () => convergence.reconcile(), failed("networks")));
  stack.use(clock.every(reconcileMs.guests, () => guests.reconcile(), failed("guests")));
  const purge = container.get(tokens.serverPurge);
  stack.use(clock.every(reconcileMs.purge, () => purge.reconcile(), failed("deleted servers")));
  const retention = container.get(tokens.eventRetention);
  stack.use(clock.every(reconcileMs.events, () => retention.reconcile(), failed("old events")));
  const auditor = container.get(tokens.usageAuditor);
  stack.use(clock.every(reconcileMs.usage, () => auditor.reconcile(), failed("usage")));
  if (logKeptMs !== undefined) {
    const log = new LogRetention(container.get(tokens.database), clock, logKeptMs);
    stack.use(clock.every(reconcileMs.events, () => log.reconcile(), failed("old lines of the log")));
  }
  const courier = stack.use(container.get(tokens.webhookCourier));
  stack.use(clock.every(reconcileMs.webhooks, () => courier.reconcile(), failed("webhooks")));
  stack.use(clock.every(reconcileMs.events, () => courier.prune(), failed("old webhook deliveries")));
  return stack;
}
