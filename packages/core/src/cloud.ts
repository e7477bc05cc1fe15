import { Container } from "inversify";
import { actorCloudOf } from "./actor-cloud-of.ts";
import type { ActorCloud } from "./actor-cloud.ts";
import { aggregatesModule } from "./aggregates/module.ts";
import { auditModule } from "./audit/module.ts";
import { bindRuntime } from "./bind-runtime.ts";
import { checkOptions } from "./cloud-options.ts";
import type { CloudOptions } from "./cloud-options.ts";
import { CloudHostError } from "./errors.ts";
import { eventsModule } from "./events/module.ts";
import { flavorsModule } from "./flavors/module.ts";
import { hostsModule } from "./hosts/module.ts";
import { imagesModule } from "./images/module.ts";
import { keypairsModule } from "./keypairs/module.ts";
import { networksModule } from "./networks/module.ts";
import { operationsModule } from "./operations/module.ts";
import type { Actor } from "./projects/model.ts";
import { projectsModule } from "./projects/module.ts";
import { quotasModule } from "./quotas/module.ts";
import { startReconcilers } from "./reconcilers.ts";
import { serverGroupsModule } from "./server-groups/module.ts";
import { serversModule } from "./servers/module.ts";
import { tokens } from "./tokens.ts";
import { webhooksModule } from "./webhooks/module.ts";

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
    return actorCloudOf(actor, this.#container, { closing: this.#closing.signal, closed: this.#closed });
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
