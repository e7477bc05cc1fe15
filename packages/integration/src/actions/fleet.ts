import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { VirtualClock, createCloud, tokens } from "@cloudhost/core";
import type { ActorCloud, Cloud, HostConfig } from "@cloudhost/core";
import { InProcessBus } from "@cloudhost/core/agent";
import { fakeFaults, fakeHost, fakePower, opteron6276, xeonE52650 } from "@cloudhost/driver-fake";
import type { FakeFaults, FakePower } from "@cloudhost/driver-fake";
import { fileSystemBackend, imageStore } from "@cloudhost/image-store";
import { filterScheduler } from "@cloudhost/scheduler";
import { Container } from "inversify";
import type { CloudPlaces } from "../checker/finding.ts";
import { actors, flavors } from "./model.ts";
import type { ActorName } from "./plan.ts";
import { projectNames } from "./plan.ts";

/** Small, so that they are often full: two CPU models, two speeds, two zones. */
const machines = [
  { name: "host-1", zone: "az-1", cpu: xeonE52650, internalKbit: 1_000_000 },
  { name: "host-2", zone: "az-1", cpu: opteron6276, internalKbit: 10_000_000 },
  { name: "host-3", zone: "az-2", cpu: xeonE52650, internalKbit: 10_000_000 },
  { name: "host-4", zone: "az-2", cpu: opteron6276, internalKbit: 1_000_000 },
] as const;

/** The name of a host, counted from 0. */
export const fakeHostName = (host: number): string => machines[host]?.name ?? "";

/** How the bus between cloud and hosts misbehaves. */
const busFaults = { drop: 0.02, repeat: 0.05, delayMs: 20, reorder: 0.1 };

/** Leases go by the machine's time, and this one may be busy: so long what a run that broke off has begun may wait. */
export const leaseMs = 15_000;

/** A small fleet under two processes with two hosts each, that share a database, an image store and the time. */
export class ActionFleet implements AsyncDisposable {
  readonly places: CloudPlaces;
  readonly clock: VirtualClock;
  readonly faults: FakeFaults;
  readonly power: FakePower;
  readonly #seed: number;
  readonly #hosts: readonly HostConfig[];
  readonly #clouds: (Cloud | undefined)[] = [];
  readonly #buses: (InProcessBus | undefined)[] = [];

  private constructor(seed: number, places: CloudPlaces) {
    this.places = places;
    this.clock = new VirtualClock();
    this.#seed = seed;
    const shared = { state: places.fakeDir, memoryMib: 6144, diskGib: 40, externalKbit: 60_000, bootMs: 100 };
    this.#hosts = machines.map((machine) => fakeHost({ ...machine, ...shared, shutdownMs: 50 }));
    this.faults = fakeFaults(this.#hosts);
    this.power = fakePower(this.#hosts, this.clock);
  }

  /** @param folder of this fleet alone */
  static async open(seed: number, folder: string, database: string): Promise<ActionFleet> {
    await mkdir(folder, { recursive: true });
    const inside = (name: string): string => join(folder, name);
    const fleet = new ActionFleet(seed, {
      database,
      stateDir: inside("state"),
      fakeDir: inside("fake"),
      imageDir: inside("images"),
    });
    await fleet.start(0);
    await fleet.start(1);
    await fleet.#furnish(inside("disk.raw"));
    return fleet;
  }

  /** The cloud as an actor sees it, through a process that runs. */
  as(who: ActorName, process: number): ActorCloud {
    const cloud = this.#clouds[process] ?? this.#clouds.find((one) => one !== undefined);
    if (cloud === undefined) throw new Error("No process runs.");
    return cloud.as(actors[who]);
  }

  get ops(): ActorCloud {
    return this.as("olga", 0);
  }

  async start(process: number): Promise<void> {
    if (this.#clouds[process] !== undefined) return;
    const { clock, places, power: fence } = this;
    const bus = new InProcessBus({ clock, faults: { ...busFaults, seed: this.#seed + process } });
    const container = new Container();
    container.bind(tokens.clock).toConstantValue(clock);
    container.bind(tokens.bus).toConstantValue(bus);
    this.#buses[process] = bus;
    this.#clouds[process] = await clock.busy(() =>
      createCloud({
        container,
        database: places.database,
        stateDir: places.stateDir,
        scheduler: filterScheduler(),
        images: imageStore({ backend: fileSystemBackend(places.imageDir) }),
        hosts: this.#hosts.slice(2 * process, 2 * process + 2),
        fence,
        leaseMs,
        drainMs: 0,
      }),
    );
  }

  async stop(process: number): Promise<void> {
    await this.#clouds[process]?.close();
    await this.#buses[process]?.[Symbol.asyncDispose]();
    this.#clouds[process] = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.faults.clear();
    await this.stop(1);
    await this.stop(0);
  }

  async #furnish(disk: string): Promise<void> {
    const bytes = Buffer.alloc(5 << 20, 3);
    await writeFile(disk, bytes.fill(9, 4 << 20));
    await this.clock.settled();
    for (const [name, flavor] of Object.entries(flavors)) await this.ops.flavors.create({ ...flavor, name });
    for (const name of projectNames) {
      await this.ops.projects.create({ name, quotas: { memoryMib: 14_000, milliEcu: 60_000 } });
      const admin = this.as(name === "mail" ? "max" : "ada", 0);
      await admin.serverGroups.create({ name: "apart", policy: "anti-affinity" });
      await admin.serverGroups.create({ name: "close", policy: "affinity" });
    }
    const base = await this.ops.images.import({ name: "base", path: disk, visibility: "public" });
    await base.result();
  }
}
