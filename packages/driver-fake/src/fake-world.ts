import { CloudHostError } from "@cloudhost/core/ports";
import type { AdoptionObstacle, DiskKey, HostConfig, StrangerGuest } from "@cloudhost/core/ports";
import { StoppedDisks } from "./disks/stopped-disks.ts";
import type { FakeDiskView } from "./disks/stopped-disks.ts";
import { writtenBytes } from "./disks/writes.ts";
import { FakeFaults } from "./faults/fake-faults.ts";
import { placesOf } from "./places.ts";
import type { HostWorld } from "./world/host-world.ts";
import { readFakeWorld, viewOf } from "./world/read.ts";
import type { FakeHostView } from "./world/read.ts";
import { faultsOf, holdHost, openWorld } from "./world/registry.ts";
import type { HostPlace } from "./world/registry.ts";
import { useAt } from "./world/state.ts";
import type { GuestUse } from "./world/use.ts";

/** What a guest has used since it was defined. */
export interface GuestStatistics extends GuestUse {
  readonly diskWrittenBytes: number;
}

/** A guest that somebody made on a host past its driver. */
export interface FakeStranger {
  readonly name: string;
  /** @defaultValue its name */
  readonly key?: string;
  /** @defaultValue running */
  readonly power?: StrangerGuest["power"];
  /** @defaultValue 1 */
  readonly vcpus?: number;
  /** @defaultValue 512 */
  readonly memoryMib?: number;
  /** Size of its one disk. @defaultValue 1 */
  readonly diskGib?: number;
  /** What its disk begins with. @defaultValue nothing */
  readonly text?: string;
  /** Of its network interfaces. @defaultValue none */
  readonly macs?: readonly string[];
  /** What keeps it from being adopted. @defaultValue nothing */
  readonly obstacles?: readonly AdoptionObstacle[];
}

/** A fleet of this process as a test or a demonstration holds it: its faults, its guests' use, and all that is on it. */
export class FakeWorld implements AsyncDisposable {
  /** Makes its hosts fail. */
  readonly faults: FakeFaults;
  readonly #places: readonly HostPlace[];
  readonly #holds = new AsyncDisposableStack();

  /** @internal use {@link holdFakeWorld} */
  constructor(places: readonly HostPlace[]) {
    this.faults = faultsAt(places);
    this.#places = places;
    for (const place of places) this.#holds.use(holdHost(place));
  }

  /** All that is on its hosts. One in memory that was never opened has nothing and is left out. */
  async read(): Promise<FakeHostView[]> {
    const views = this.#places.map(async (place) => {
      if (place.state !== undefined)
        return (await readFakeWorld(place.state)).filter(({ host }) => host === place.host);
      const world = await openWorld(place);
      if (world === undefined) return [];
      const { disks, state } = world;
      for (const guest of state.guests.values()) {
        if (world.state.guests.has(guest.spec.id)) await disks.ensure(guest);
      }
      return [await viewOf(place.host, state, disks.layout)];
    });
    return (await Promise.all(views)).flat();
  }

  /**
   * What a guest on an open host has used until then, or `undefined`. A guest burns 20 to 90 % of its quota and moves
   * 1 to 50 Mb/s each way, as far as its ceil lets it.
   * @param atMs by the clock of its driver
   */
  async statistics(guestId: string, atMs: number): Promise<GuestStatistics | undefined> {
    for (const place of this.#places) {
      const world = await openWorld(place);
      const guest = world?.state.guests.get(guestId);
      if (world === undefined || guest === undefined) continue;
      const use = useAt(world.state, guest, atMs);
      return { ...use, diskWrittenBytes: writtenBytes(guest, use.ranMs) };
    }
    return undefined;
  }

  /** The disks of a guest on an open host, by their keys; none when there is no such guest. */
  async disks(host: string, guestId: string): Promise<ReadonlyMap<DiskKey, FakeDiskView>> {
    const world = await this.#openWorld(host);
    const guest = world?.state.guests.get(guestId);
    return world === undefined || guest === undefined ? new Map() : new StoppedDisks(world).look(guest);
  }

  /**
   * Writes a text of at most 4,096 bytes to a disk of a stopped guest on an open host, as its OS might have.
   * @throws CloudHostError `GUEST_NOT_FOUND`, `CONFLICT` unless it is stopped
   */
  async writeDisk(host: string, guestId: string, disk: DiskKey, text: string): Promise<void> {
    const world = await this.#openWorld(host);
    if (world === undefined) throw new CloudHostError("GUEST_NOT_FOUND", `${host} is not open.`, { guestId });
    await new StoppedDisks(world).write(guestId, disk, text);
  }

  /**
   * Puts a guest on an open host as if somebody had made it there by hand, and gives it as the driver will tell it. Its
   * disk is a raw file that begins with the text.
   * @throws CloudHostError `HOST_UNAVAILABLE` unless the host is open
   */
  async addStranger(host: string, input: FakeStranger): Promise<StrangerGuest> {
    const world = await this.#openWorld(host);
    if (world === undefined) {
      throw new CloudHostError("HOST_UNAVAILABLE", `${host} is not open.`, { host, reason: "no driver has it" });
    }
    const { key = input.name, diskGib = 1, macs = [], obstacles = [], text = "", ...rest } = input;
    await world.strangerDisks.make(key, diskGib, text);
    const stranger: StrangerGuest = {
      vcpus: 1,
      memoryMib: 512,
      power: "running",
      architecture: "x86_64",
      machine: "fake",
      ...rest,
      key,
      disks: [{ source: world.strangerDisks.path(key), format: "raw", sizeGib: diskGib, backing: [] }],
      nics: macs.map((mac) => ({ mac, on: "bridge br0" })),
      obstacles: [...obstacles],
    };
    await world.commit({ kind: "stranger", stranger });
    return stranger;
  }

  /** Lets hosts in memory go with their drivers. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#holds.disposeAsync();
  }

  async #openWorld(host: string): Promise<HostWorld | undefined> {
    const place = this.#places.find((each) => each.host === host);
    return place && openWorld(place);
  }
}

/**
 * Holds the fake hosts among these: hosts in memory stay as they are when their drivers close, as machines do when
 * their agent restarts, until the world is disposed of.
 * @throws CloudHostError `INVALID_ARGUMENT` when none of them is a fake host of this process
 */
export const holdFakeWorld = (hosts: HostConfig | readonly HostConfig[]): FakeWorld => new FakeWorld(placesOf(hosts));

/**
 * The faults of the fake hosts among these, whether they are open or not.
 * @throws CloudHostError `INVALID_ARGUMENT` when none of them is a fake host of this process
 * @example
 * const fleet = fakeFleet({ hosts: 2 });
 * fakeFaults(fleet).failNext("host-1", "start", { times: 2 });
 */
export const fakeFaults = (hosts: HostConfig | readonly HostConfig[]): FakeFaults => faultsAt(placesOf(hosts));

const faultsAt = (places: readonly HostPlace[]): FakeFaults =>
  new FakeFaults(new Map(places.map((place) => [place.host, faultsOf(place)])));
