import { noExtensions } from "@cloudhost/core/ports";
import type {
  ComputeCapabilities,
  ComputeDriver,
  ComputeExtensions,
  ComputeInventory,
  DiskSource,
  GuestSpec,
  GuestState,
} from "@cloudhost/core/ports";
import type { Calls } from "./calls.ts";
import { driverWork } from "./driver-work.ts";
import type { ComputeParts, DriverWork } from "./driver-work.ts";
import { extensionsOf } from "./extensions.ts";
import { isSameSpec } from "./live-change.ts";

/** Runs guests that are nothing but an entry in the host's world and its disks. */
export class FakeComputeDriver implements ComputeDriver {
  readonly capabilities: ComputeCapabilities;
  readonly #parts: ComputeParts;
  readonly #work: DriverWork;

  private constructor(parts: ComputeParts, work: DriverWork) {
    const { shaping: _, isolation: __, ...capabilities } = parts.options.capabilities;
    this.capabilities = { ...noExtensions, ...capabilities };
    this.#parts = parts;
    this.#work = work;
  }

  /** With the optional methods that its capabilities promise. */
  static of(parts: ComputeParts): FakeComputeDriver & Partial<ComputeExtensions> {
    const work = driverWork(parts);
    return Object.assign(new FakeComputeDriver(parts, work), extensionsOf(work));
  }

  inventory(signal?: AbortSignal): Promise<ComputeInventory> {
    return this.#calls.ask("inventory", signal, async () => structuredClone(this.#parts.inventory));
  }

  define(spec: GuestSpec, signal?: AbortSignal): Promise<void> {
    const { machine, alone } = this.#work;
    return this.#calls.change("define", signal, (both) =>
      alone(spec.id, both, async () => {
        const present = machine.guests.get(spec.id);
        if (present === undefined || !isSameSpec(present.spec, spec)) await machine.define(spec);
        await machine.ensureDisks(spec.id);
      }),
    );
  }

  start(guestId: string, signal?: AbortSignal): Promise<void> {
    const { machine, alone, events } = this.#work;
    return this.#calls.change("start", signal, (both) =>
      alone(guestId, both, async () => {
        const { power } = machine.guest(guestId);
        if (power === "running") return;
        if (power === "paused") await machine.unpause(guestId);
        else if (power === "suspended") await machine.resume(guestId);
        else await machine.boot(guestId);
        events.announce(guestId);
      }),
    );
  }

  stop(guestId: string, graceMs: number, signal?: AbortSignal): Promise<void> {
    const { machine, alone, events } = this.#work;
    return this.#calls.change("stop", signal, async (both) => {
      const { power } = machine.guest(guestId);
      if (power === "stopped") return;
      const clean = await this.#shutDown(power, graceMs, both);
      await alone(guestId, both, async () => {
        const guest = machine.guests.get(guestId);
        // Stopped or removed meanwhile.
        if (guest === undefined || guest.power === "stopped") return;
        await machine.powerOff(guestId, clean);
        events.announce(guestId);
      });
    });
  }

  reboot(guestId: string, commandId: string, graceMs: number, signal?: AbortSignal): Promise<void> {
    const { machine, alone, events } = this.#work;
    return this.#calls.change("reboot", signal, async (both) => {
      const { power, lastReboot } = machine.guest(guestId);
      if (lastReboot === commandId) return;
      const clean = await this.#shutDown(power, graceMs, both);
      await alone(guestId, both, async () => {
        if (machine.guest(guestId).lastReboot === commandId) return;
        await machine.boot(guestId, { commandId, clean });
        events.announce(guestId);
      });
    });
  }

  freezeDisk(guestId: string, snapshotId: string, signal?: AbortSignal): Promise<DiskSource> {
    return this.#calls.ask("freezeDisk", signal, (both) =>
      this.#work.alone(guestId, both, () => this.#work.machine.freeze(guestId, snapshotId, both)),
    );
  }

  releaseDisk(guestId: string, snapshotId: string): Promise<void> {
    return this.#calls.change("releaseDisk", undefined, (both) =>
      this.#work.alone(guestId, both, () => this.#work.machine.release(guestId, snapshotId)),
    );
  }

  remove(guestId: string, signal?: AbortSignal): Promise<void> {
    return this.#calls.change("remove", signal, (both) =>
      this.#work.alone(guestId, both, async () => {
        const before = this.#work.machine.guests.get(guestId)?.power ?? "stopped";
        await this.#work.machine.remove(guestId);
        if (before !== "stopped") this.#work.events.tell({ id: guestId, power: "stopped", ready: "unknown" });
      }),
    );
  }

  get(guestId: string, signal?: AbortSignal): Promise<GuestState | undefined> {
    return this.#calls.ask("get", signal, async () => {
      const guest = this.#work.machine.guests.get(guestId);
      return guest && this.#work.events.stateOf(guest);
    });
  }

  async *list(signal?: AbortSignal): AsyncIterable<GuestState> {
    yield* await this.#calls.ask("list", signal, async () =>
      Array.from(this.#work.machine.guests.values(), (guest) => this.#work.events.stateOf(guest)),
    );
  }

  events(signal: AbortSignal): AsyncIterable<GuestState> {
    return this.#work.events.listen(signal);
  }

  recover(signal?: AbortSignal): Promise<void> {
    return this.#calls.ask("recover", signal, () => this.#work.machine.recover());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#calls[Symbol.asyncDispose]();
    await this.#parts.open[Symbol.asyncDispose]();
  }

  get #calls(): Calls {
    return this.#parts.calls;
  }

  /**
   * Waits as long as a running guest's OS takes to shut down, or until the power is cut. One that stands still hears
   * nothing. Tells whether the OS had its time.
   */
  async #shutDown(power: GuestState["power"], graceMs: number, signal: AbortSignal): Promise<boolean> {
    if (power !== "running" || graceMs === 0) return false;
    const { shutdownMs } = this.#parts.options;
    const waitMs = Math.min(graceMs, shutdownMs);
    if (waitMs > 0) await this.#parts.clock.sleep(waitMs, signal);
    return graceMs >= shutdownMs;
  }
}
