import { CloudHostError, VirtualClock, createCloud, tokens, uuidv7Ids } from "@cloudhost/core";
import type { Clock, Cloud } from "@cloudhost/core";
import { InProcessBus } from "@cloudhost/core/agent";
import { fakePower, holdFakeWorld } from "@cloudhost/driver-fake";
import type { FakeFaults, FakePower } from "@cloudhost/driver-fake";
import { imageStore, memoryBackend } from "@cloudhost/image-store";
import { filterScheduler } from "@cloudhost/scheduler";
import { Container } from "inversify";
import type { ServiceIdentifier } from "inversify";
import { furnish } from "./furnish.ts";
import { settingsOf } from "./options.ts";
import type { TestCloudOptions, TestCloudSettings } from "./options.ts";
import { seededBytes } from "./seed.ts";
import { temporaryFolder, temporarySqlite } from "./temporary.ts";
import type { Temporary } from "./temporary.ts";
import { temporarySchema } from "./temporary-schema.ts";

/** A whole cloud for one test: fake hosts behind a bus that misbehaves, and time that the test moves. */
export interface TestCloud<TheClock extends Clock = VirtualClock> extends Cloud {
  /** Where time comes from. A virtual one moves by itself while all wait, and else by `advance`. */
  readonly clock: TheClock;
  /** Makes hosts fail, by their names. */
  readonly faults: FakeFaults;
  /** Takes hosts their power: a dead one is heard of no more. It is the cloud's fence, where the test gives no other. */
  readonly power: FakePower;
  /** What it was opened with: the same seed repeats a test. */
  readonly seed: number;
}

/**
 * Opens a cloud on fake hosts, furnished with flavors, a project and an image. It is the real one: the real store,
 * operations, scheduler and image store; only its hosts are fake, and its time is virtual. Core reaches the hosts over a
 * bus that loses, repeats, delays and reorders messages, as any bus may.
 *
 * @throws CloudHostError `INVALID_ARGUMENT`, `CONFLICT` for a container that another test cloud has, `DEPENDENCY_MISSING`,
 * and `HOST_UNAVAILABLE` for a PostgreSQL that does not answer
 * @example
 * await using cloud = await createTestCloud({ hosts: 2 });
 * const create = await cloud.as(amy).servers.create({ name: "web-1", flavor: "c2.e4", image: "debian-12" });
 * const server = await create.result();
 */
export async function createTestCloud<TheClock extends Clock = VirtualClock>(
  options: TestCloudOptions<TheClock> = {},
): Promise<TestCloud<TheClock>> {
  const { cloud: own, clock, seed, busFaults, hosts, ...rest } = settingsOf(options);
  // Undone from the last to the first when the cloud closes, and when it does not open.
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await temporaryFolder()).at;
  const database = opened.use(await databaseOf(rest, folder));
  const { faults } = opened.use(holdFakeWorld(hosts));
  const power = fakePower(hosts, clock);
  const isDead = (host: string): boolean => power.isOff(host);
  const bus = opened.use(new InProcessBus({ clock, logger: own.logger, faults: { ...busFaults, seed }, isDead }));
  const container = own.container ?? new Container();
  bindOnce(container, tokens.clock, clock);
  bindOnce(container, tokens.ids, uuidv7Ids(clock, seededBytes(seed)));
  bindOnce(container, tokens.bus, bus);
  // A virtual clock stands meanwhile: how long the machine takes to open files must not decide what time it is then.
  const cloud = await clock.busy(() =>
    createCloud({
      scheduler: filterScheduler(),
      images: imageStore({ backend: memoryBackend(clock) }),
      fence: power,
      ...own,
      hosts,
      container,
      database: database.at,
      stateDir: folder,
    }),
  );
  opened.use(cloud);
  if (clock instanceof VirtualClock) await clock.settled();
  await clock.busy(() => furnish(cloud, rest, folder));
  const stack = opened.move();
  const close = (): Promise<void> => stack.disposeAsync();
  return { clock, faults, power, seed, as: (actor) => cloud.as(actor), close, [Symbol.asyncDispose]: close };
}

async function databaseOf(
  { database, ownSchema }: Pick<TestCloudSettings, "database" | "ownSchema">,
  folder: string,
): Promise<Temporary> {
  if (database === undefined) return temporarySqlite(folder);
  return ownSchema ? temporarySchema(database) : { at: database, async [Symbol.asyncDispose]() {} };
}

/** @throws CloudHostError `CONFLICT` when the container has one: the test's own, or that of another test cloud */
function bindOnce<T>(container: Container, token: ServiceIdentifier<T>, value: T): void {
  if (container.isBound(token)) {
    const details = { state: "in use", allowed: ["a container for each test cloud"] };
    throw new CloudHostError("CONFLICT", `The container has a ${String(token)} already.`, details);
  }
  container.bind(token).toConstantValue(value);
}
