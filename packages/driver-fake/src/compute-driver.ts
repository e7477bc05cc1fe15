import { AsyncLocalStorage } from "node:async_hooks";
import { isDeepStrictEqual } from "node:util";
import type {
  Clock,
  ComputeCapabilities,
  ComputeDriver,
  ComputeInventory,
  DiskSource,
  GuestSpec,
  GuestState,
  LiveChanger,
} from "@cloudhost/core/ports";
import { noExtensions } from "@cloudhost/core/ports";
import { Broadcast } from "./broadcast.ts";
import type { Calls } from "./calls.ts";
import { throwIfCancelled } from "./cancelled.ts";
import { Lanes } from "./lanes.ts";
import { Machine } from "./machine.ts";
import type { FakeHostOptions } from "./options.ts";
import type { FakeGuest } from "./world/guest.ts";
import type { OpenHost } from "./world/registry.ts";

/** A boot that goes on after its call belongs to nobody's work: a virtual clock must not take its wait for the caller's. */
const detached = AsyncLocalStorage.snapshot();

/** What a compute driver of a fake host works with. */
export interface ComputeParts {
  readonly open: OpenHost;
  readonly options: FakeHostOptions;
  readonly inventory: ComputeInventory;
  readonly clock: Clock;
  readonly calls: Calls;
}

/** Runs guests that are nothing but an entry in the host's world and its disks. */
export class FakeComputeDriver implements ComputeDriver {
  readonly capabilities: ComputeCapabilities;
  readonly #parts: ComputeParts;
  readonly #machine: Machine;
  readonly #lanes = new Lanes();
  readonly #changes = new Broadcast<GuestState>();

  constructor(parts: ComputeParts) {
    const { cpuQuota, liveResize, guestReady, directBoot } = parts.options.capabilities;
    this.capabilities = { ...noExtensions, cpuQuota, liveResize, guestReady, directBoot };
    this.#parts = parts;
    this.#machine = new Machine({ ...parts, world: parts.open.world });
    for (const guest of this.#machine.guests.values()) this.#announceReady(guest);
  }

  inventory(signal?: AbortSignal): Promise<ComputeInventory> {
    return this.#calls.ask("inventory", signal, async () => structuredClone(this.#parts.inventory));
  }

  define(spec: GuestSpec, signal?: AbortSignal): Promise<void> {
    return this.#calls.change("define", signal, (both) =>
      this.#alone(spec.id, both, async () => {
        if (!isSo(this.#machine.guests.get(spec.id), spec)) await this.#machine.define(spec);
        await this.#machine.ensureDisks(spec.id);
      }),
    );
  }

  start(guestId: string, signal?: AbortSignal): Promise<void> {
    return this.#calls.change("start", signal, (both) =>
      this.#alone(guestId, both, async () => {
        if (this.#machine.guest(guestId).power === "running") return;
        await this.#machine.boot(guestId);
        this.#announceBoot(guestId);
      }),
    );
  }

  stop(guestId: string, graceMs: number, signal?: AbortSignal): Promise<void> {
    return this.#calls.change("stop", signal, async (both) => {
      if (this.#machine.guest(guestId).power === "stopped") return;
      await this.#shutDown(graceMs, both);
      await this.#alone(guestId, both, async () => {
        // Stopped or removed meanwhile.
        if (this.#machine.guests.get(guestId)?.power !== "running") return;
        await this.#machine.powerOff(guestId);
        this.#announce(guestId);
      });
    });
  }

  reboot(guestId: string, commandId: string, graceMs: number, signal?: AbortSignal): Promise<void> {
    return this.#calls.change("reboot", signal, async (both) => {
      const { power, lastReboot } = this.#machine.guest(guestId);
      if (lastReboot === commandId) return;
      if (power === "running") await this.#shutDown(graceMs, both);
      await this.#alone(guestId, both, async () => {
        if (this.#machine.guest(guestId).lastReboot === commandId) return;
        await this.#machine.boot(guestId, { commandId });
        this.#announceBoot(guestId);
      });
    });
  }

  freezeDisk(guestId: string, snapshotId: string, signal?: AbortSignal): Promise<DiskSource> {
    return this.#calls.ask("freezeDisk", signal, (both) =>
      this.#alone(guestId, both, () => this.#machine.freeze(guestId, snapshotId, both)),
    );
  }

  releaseDisk(guestId: string, snapshotId: string): Promise<void> {
    return this.#calls.change("releaseDisk", undefined, (both) =>
      this.#alone(guestId, both, () => this.#machine.release(guestId, snapshotId)),
    );
  }

  remove(guestId: string, signal?: AbortSignal): Promise<void> {
    return this.#calls.change("remove", signal, (both) =>
      this.#alone(guestId, both, async () => {
        const wasRunning = this.#machine.guests.get(guestId)?.power === "running";
        await this.#machine.remove(guestId);
        if (wasRunning) this.#tell({ id: guestId, power: "stopped", ready: "unknown" });
      }),
    );
  }

  get(guestId: string, signal?: AbortSignal): Promise<GuestState | undefined> {
    return this.#calls.ask("get", signal, async () => {
      const guest = this.#machine.guests.get(guestId);
      return guest && this.#stateOf(guest);
    });
  }

  async *list(signal?: AbortSignal): AsyncIterable<GuestState> {
    yield* await this.#calls.ask("list", signal, async () =>
      Array.from(this.#machine.guests.values(), (guest) => this.#stateOf(guest)),
    );
  }

  events(signal: AbortSignal): AsyncIterable<GuestState> {
    return this.#changes.listen(AbortSignal.any([signal, this.#calls.closed]));
  }

  recover(signal?: AbortSignal): Promise<void> {
    return this.#calls.ask("recover", signal, () => this.#machine.recover());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#calls[Symbol.asyncDispose]();
    await this.#parts.open[Symbol.asyncDispose]();
  }

  /** {@link LiveChanger} of the driver that has the capability. */
  protected resize(spec: GuestSpec, signal?: AbortSignal): Promise<void> {
    return this.#calls.change("change", signal, (both) =>
      this.#alone(spec.id, both, async () => {
        const guest = this.#machine.guest(spec.id);
        if (guest.power === "stopped" || !isSo(guest, spec)) await this.#machine.resize(spec);
        await this.#machine.ensureDisks(spec.id);
      }),
    );
  }

  get #calls(): Calls {
    return this.#parts.calls;
  }

  /** One change of a guest at a time. */
  #alone<T>(guestId: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#lanes.run(guestId, async () => {
      throwIfCancelled(signal, `a change of ${guestId}`);
      return work();
    });
  }

  /** Waits as long as the guest's OS takes to shut down, or until the power is cut. */
  async #shutDown(graceMs: number, signal: AbortSignal): Promise<void> {
    const waitMs = Math.min(graceMs, this.#parts.options.shutdownMs);
    if (waitMs > 0) await this.#parts.clock.sleep(waitMs, signal);
  }

  #stateOf({ spec, power, bootAtMs }: FakeGuest): GuestState {
    if (power === "stopped" || !this.capabilities.guestReady) return { id: spec.id, power, ready: "unknown" };
    const ready = this.#parts.clock.nowMs() >= bootAtMs + this.#parts.options.bootMs ? "ready" : "booting";
    return { id: spec.id, power, ready };
  }

  #tell(state: GuestState): void {
    if (this.#calls.plugged) this.#changes.send(state);
  }

  #announce(guestId: string): void {
    this.#tell(this.#stateOf(this.#machine.guest(guestId)));
  }

  #announceBoot(guestId: string): void {
    this.#announce(guestId);
    this.#announceReady(this.#machine.guest(guestId));
  }

  /** Tells when the guest's OS has booted, if it is still the same boot then. */
  #announceReady({ spec, power, boots, bootAtMs }: FakeGuest): void {
    const leftMs = bootAtMs + this.#parts.options.bootMs - this.#parts.clock.nowMs();
    if (power === "stopped" || !this.capabilities.guestReady || leftMs <= 0) return;
    const announce = async (): Promise<void> => {
      await this.#parts.clock.sleep(leftMs, this.#calls.closed);
      const guest = this.#machine.guests.get(spec.id);
      if (guest?.power === "running" && guest.boots === boots) this.#announce(spec.id);
    };
    // Only the driver's closing ends the wait, and then there is nobody to tell.
    detached(announce).catch(() => {});
  }
}

/** A fake driver with the capability `liveResize`. */
export class ResizingFakeComputeDriver extends FakeComputeDriver implements LiveChanger {
  change(spec: GuestSpec, signal?: AbortSignal): Promise<void> {
    return this.resize(spec, signal);
  }
}

/** Whether the guest is as specified. What a specification leaves out may be missing or `undefined`. */
const isSo = (guest: FakeGuest | undefined, spec: GuestSpec): boolean =>
  guest !== undefined && isDeepStrictEqual(plain(guest.spec), plain(spec));

const plain = (spec: GuestSpec): unknown => JSON.parse(JSON.stringify(spec)) as unknown;
