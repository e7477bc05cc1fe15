import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sampleGuest } from "@cloudhost/conformance";
import type { ComputeSubject, NetworkSubject, SampleGuest } from "@cloudhost/conformance";
import { macAddress, tapName, uuidv7Ids, VirtualClock } from "@cloudhost/core/ports";
import type {
  ComputeDriver,
  ComputeExtensions,
  ExtendedComputeDriver,
  GuestNic,
  HostConfig,
  HostReserve,
  Ids,
  NetworkDriver,
} from "@cloudhost/core/ports";
import { fakeHost, holdFakeWorld } from "../src/index.ts";
import type { FakeHostInput, FakeHostView, FakeWorld } from "../src/index.ts";
import { contextOf, openCompute, openNetwork } from "./open.ts";

/** A fake host with both drivers open, and a guest for it. */
export interface FakeFixture extends SampleGuest, AsyncDisposable {
  readonly config: HostConfig;
  readonly clock: VirtualClock;
  readonly compute: ComputeDriver & ComputeExtensions;
  readonly network: NetworkDriver;
  readonly world: FakeWorld;
  /** A folder of this test. */
  readonly dir: string;
}

/** Opens a host for one test. Its clock is virtual: a boot takes no time. */
export async function openFake(input: Partial<FakeHostInput> = {}): Promise<FakeFixture> {
  await using opening = new AsyncDisposableStack();
  const dir = await temporaryFolder(opening);
  const config = fakeHost({ name: "host-1", ...input });
  const clock = new VirtualClock();
  const context = contextOf(config, clock, dir);
  const world = opening.use(holdFakeWorld(config));
  const compute = opening.use(await openCompute(config, context)) as ComputeDriver & ComputeExtensions;
  const network = opening.use(await openNetwork(config, context));
  const sample = await sampleGuest(join(dir, "images"));
  const cleanup = opening.move();
  return {
    ...sample,
    config,
    clock,
    compute,
    network,
    world,
    dir,
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

/** A folder that goes with the stack. */
export async function temporaryFolder(stack: AsyncDisposableStack): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "cloudhost-test-"));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A host for the compute suite, in memory or in a folder, with a clock that jumps. */
export async function openSubject(
  input: Partial<FakeHostInput> = {},
  where: "in memory" | "in a folder" = "in memory",
): Promise<ComputeSubject> {
  await using opening = new AsyncDisposableStack();
  const dir = await temporaryFolder(opening);
  const config = fakeHost({
    name: "host-1",
    requireTaps: false,
    ...input,
    ...(where === "in a folder" ? { state: join(dir, "state") } : {}),
  });
  const clock = new VirtualClock();
  const context = contextOf(config, clock, dir);
  const world = opening.use(holdFakeWorld(config));
  let newest = await openCompute(config, context);
  opening.defer(() => newest[Symbol.asyncDispose]());
  const reopen = async (reserve: HostReserve = config.reserve): Promise<ExtendedComputeDriver> => {
    await newest[Symbol.asyncDispose]();
    return (newest = await openCompute(config, { ...context, reserve }));
  };
  const sample = await sampleGuest(join(dir, "images"));
  const cleanup = opening.move();
  return {
    ...sample,
    driver: newest,
    spareNic: nicFor(uuidv7Ids(clock)),
    reserve: config.reserve,
    clock,
    readyWithinMs: 5000,
    host: observe(world),
    reopen,
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

const nicFor = (ids: Ids): GuestNic => {
  const id = ids.next("nic");
  return { id, tap: tapName(id), mac: macAddress(id), address: "10.0.0.2", prefixLength: 24, gateway: "10.0.0.1" };
};

/** A host for the network suite. No packet moves on it. */
export async function openNetworkSubject(input: Partial<FakeHostInput> = {}): Promise<NetworkSubject> {
  await using opening = new AsyncDisposableStack();
  const config = fakeHost({ name: "host-1", ...input });
  const context = contextOf(config, new VirtualClock());
  const world = opening.use(holdFakeWorld(config));
  let newest = await openNetwork(config, context);
  opening.defer(() => newest[Symbol.asyncDispose]());
  const reopen = async (): Promise<NetworkDriver> => {
    await newest[Symbol.asyncDispose]();
    return (newest = await openNetwork(config, context));
  };
  const cleanup = opening.move();
  return {
    driver: newest,
    host: {
      picture: async () => {
        const { bindings, members } = await theHost(world);
        return { bindings: new Set(bindings), members: new Set(members) };
      },
      writes: async () => (await theHost(world)).networkWrites,
    },
    otherHost: "198.18.0.2",
    reopen,
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

async function theHost(world: FakeWorld): Promise<FakeHostView> {
  const [host] = await world.read();
  if (host === undefined) throw new Error("the host was never opened");
  return host;
}

/** Sees the host by its world's own records and its files. */
function observe(world: FakeWorld): ComputeSubject["host"] {
  const guestOf = async (guestId: string): Promise<FakeHostView["guests"][number] | undefined> =>
    (await theHost(world)).guests.find(({ spec }) => spec.id === guestId);
  return {
    boots: async (guestId) => (await guestOf(guestId))?.boots ?? 0,
    leftovers: async (guestId) => {
      const { guests, files } = await theHost(world);
      return [
        ...guests.filter(({ spec }) => spec.id === guestId).map(({ spec }) => `guest ${spec.id}`),
        ...files.filter((file) => file.guestId === guestId).map(({ path }) => path),
      ];
    },
    taps: async (guestId) => {
      const guest = await guestOf(guestId);
      return guest?.power === "running" ? guest.spec.nics.map(({ tap }) => tap) : [];
    },
    disks: (guestId) => world.disks("host-1", guestId),
    addStranger: async (power) => (await world.addStranger("host-1", { name: "by-hand", power, memoryMib: 64 })).key,
    strangerPicture: async (key) => {
      const [stranger] = (await theHost(world)).strangers.filter((each) => each.key === key);
      const [disk] = stranger?.disks ?? [];
      return { stranger, disk: disk && (await stat(disk.source)).mtimeMs };
    },
    writeDisk: (guestId, disk, text) => world.writeDisk("host-1", guestId, disk, text),
    cpuBudget: async (guestId) => {
      const cpu = (await guestOf(guestId))?.cpu;
      if (cpu === undefined || cpu === null) throw new Error(`${guestId} does not run`);
      return cpu;
    },
  };
}
