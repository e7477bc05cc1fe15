import { mkdir } from "node:fs/promises";
import { CloudHostError } from "../errors.ts";
import type { Ids } from "../ids.ts";
import type { AgentBus, HostReport } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { HostConfig } from "../ports/driver-module.ts";
import type { GuestState } from "../ports/guest.ts";
import type { HostImages } from "../ports/host-images.ts";
import type { HostInventory } from "../ports/host.ts";
import { silentLogger } from "../ports/logger.ts";
import type { Logger } from "../ports/logger.ts";
import { collect } from "./collect.ts";
import { CommandDesk } from "./command-desk.ts";
import { CommandJournal } from "./command-journal.ts";
import { lockFolder } from "./folder-lock.ts";
import { hostCalls, inventoryOf } from "./host-calls.ts";
import type { HostParts } from "./host-calls.ts";
import { HostWatch } from "./host-watch.ts";
import type { Heartbeats } from "./heartbeats.ts";
import type { CommandRecord } from "./journal-records.ts";
import { openDrivers } from "./open-drivers.ts";

/** What an agent is opened with. */
export interface HostAgentOptions {
  readonly config: HostConfig;
  /** Where it takes commands and sends reports. */
  readonly bus: AgentBus;
  /** The host's images. Whoever made them disposes of them, after the agent. */
  readonly images: HostImages;
  readonly clock: Clock;
  readonly ids: Ids;
  /** @defaultValue a logger that says nothing */
  readonly logger?: Logger | undefined;
  /** Folder of the command journal and of the drivers, of this host alone. It is made when it is not there. */
  readonly stateDir: string;
  /** One source for all agents of the process: `heartbeatThread()`, or in tests `clockHeartbeats(clock)`. */
  readonly heartbeats: Heartbeats;
  /** @defaultValue 2000 */
  readonly heartbeatMs?: number | undefined;
  /** Called at each of {@link agentBoundaries}, so that tests can kill there. */
  readonly onBoundary?: ((name: string) => Promise<void> | void) | undefined;
}

/** What a host looked like when its agent had recovered it: what core compares with what should be. */
export interface HostRecovery {
  readonly guests: readonly GuestState[];
  /**
   * Holders of images that are no guests. Not released here: a create ensures its image before it defines its guest,
   * and only core knows whether that operation still goes on.
   */
  readonly holdersWithoutGuest: readonly string[];
  /** Commands that had begun and not ended: they are asked for again, or undone, by their operations. */
  readonly interrupted: readonly CommandRecord[];
}

/** A host at work: it serves its bus until it is disposed of. */
export interface HostAgent extends AsyncDisposable {
  readonly host: string;
  /** Of this start; heartbeats carry it. */
  readonly instance: string;
  /** As it was when the agent opened; newer ones come as reports. */
  readonly inventory: HostInventory;
  readonly recovery: HostRecovery;
}

/**
 * Makes a host of its drivers and images: opens and recovers them, then serves its commands and says by itself how it
 * is: heartbeats, its inventory and its guests each minute, and what its guests do.
 *
 * @throws CloudHostError `LOCKED` when another agent has the folder, `DEPENDENCY_MISSING`, `HOST_UNAVAILABLE`,
 * `INVALID_ARGUMENT` or `VERSION_MISMATCH`: then nothing is left open, and the host is down for that reason
 */
export async function openHostAgent(options: HostAgentOptions): Promise<HostAgent> {
  const { config, clock } = options;
  try {
    return await clock.busy(() => open(options));
  } catch (error) {
    const cause = CloudHostError.from(error);
    if (cause.code !== "INTERNAL") throw cause;
    throw new CloudHostError(
      "HOST_UNAVAILABLE",
      `The host ${config.name} does not open.`,
      { host: config.name, reason: cause.message },
      { cause, retryable: true },
    );
  }
}

async function open(options: HostAgentOptions): Promise<HostAgent> {
  const { config, bus, images, clock, ids, logger = silentLogger, stateDir } = options;
  const { heartbeats, heartbeatMs = 2_000, onBoundary = () => {} } = options;
  const host = config.name;
  const closed = new AbortController();

  // Undone from the last to the first when the agent closes, and when it does not open.
  await using opened = new AsyncDisposableStack();
  await mkdir(stateDir, { recursive: true });
  opened.use(await lockFolder(stateDir));
  const journal = opened.use(await CommandJournal.open(stateDir));
  if (journal.found.damagedLines > 1) {
    logger.warn({ host, damagedLines: journal.found.damagedLines }, "the command journal was damaged");
  }
  const context = { clock, ids, logger, signal: closed.signal, stateDir, host, reserve: config.reserve };
  const drivers = opened.use(await openDrivers(config, context));
  opened.defer(() => closed.abort());
  const parts: HostParts = { ...drivers, images };
  await drivers.network.recover(closed.signal);
  await drivers.compute.recover(closed.signal);
  const recovery = { ...(await leftOver(parts)), interrupted: journal.found.interrupted };
  const inventory = await inventoryOf(parts, closed.signal);

  const instance = ids.next("own");
  let served: Awaited<ReturnType<AgentBus["serve"]>> | undefined;
  const report = (said: HostReport): void => served?.report(said);
  const calls = hostCalls(parts, (revision) => report({ kind: "networkApplied", host, revision }));
  const desk = new CommandDesk({ host, journal, calls, clock, logger, report, onBoundary });
  served = opened.use(await bus.serve(host, desk));
  opened.defer(() => desk.close());
  const watch = opened.use(new HostWatch({ host, parts, clock, logger, report }));
  opened.use(heartbeats.start(heartbeatMs, (sequence) => report({ kind: "heartbeat", host, instance, sequence })));
  report({ kind: "inventory", host, inventory });
  watch.start();

  const stack = opened.move();
  return { host, instance, inventory, recovery, [Symbol.asyncDispose]: () => clock.busy(() => stack.disposeAsync()) };
}

/** The guests that are there, and the holders of images that are none of them. */
async function leftOver({ compute, images }: HostParts): Promise<Omit<HostRecovery, "interrupted">> {
  const guests = await collect(compute.list());
  const known = new Set(guests.map(({ id }) => id));
  const holdersWithoutGuest = (await images.holders()).filter((holder) => !known.has(holder));
  return { guests, holdersWithoutGuest };
}
