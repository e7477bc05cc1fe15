import { AsyncLocalStorage } from "node:async_hooks";
import { isDeepStrictEqual } from "node:util";
import { CloudHostError, cpuBudget } from "@cloudhost/core/ports";
import type {
  Clock,
  ComputeCapabilities,
  ComputeDriver,
  ComputeInventory,
  CpuBudget,
  DiskSource,
  GuestSpec,
  GuestState,
  LiveResizer,
} from "@cloudhost/core/ports";
import { Broadcast } from "./broadcast.ts";
import type { Calls } from "./calls.ts";
import { throwIfCancelled } from "./cancelled.ts";
import { baseSize } from "./disks/guest-disks.ts";
import { writesOf } from "./disks/writes.ts";
import { Lanes } from "./lanes.ts";
import type { FakeHostOptions } from "./options.ts";
import type { FakeGuest } from "./world/guest.ts";
import type { OpenHost } from "./world/registry.ts";
import { useAt } from "./world/state.ts";

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

/**
 * Runs guests that are nothing but an entry in the host's world and its disks. Whatever changes is in the world's
 * journal first; what was cut off between the two, {@link FakeComputeDriver.recover} makes good.
 */
export class FakeComputeDriver implements ComputeDriver {
  readonly capabilities: ComputeCapabilities;
  readonly #parts: ComputeParts;
  readonly #lanes = new Lanes();
  readonly #changes = new Broadcast<GuestState>();

  constructor(parts: ComputeParts) {
    const { cpuQuota, liveResize, guestReady, directBoot } = parts.options.capabilities;
    this.capabilities = { cpuQuota, liveResize, guestReady, directBoot };
    this.#parts = parts;
    for (const guest of this.#guests.values()) this.#announceReady(guest);
  }

  inventory(signal?: AbortSignal): Promise<ComputeInventory> {
    return this.#calls.ask("inventory", signal, async () => structuredClone(this.#parts.inventory));
  }

  define(spec: GuestSpec, signal?: AbortSignal): Promise<void> {
    return this.#calls.change("define", signal, (both) =>
      this.#alone(spec.id, both, async () => {
        const guest = this.#guests.get(spec.id);
        if (guest === undefined || !sameSpec(guest.spec, spec)) await this.#redefine(guest, spec);
        await this.#disks.ensure(this.#guest(spec.id));
      }),
    );
  }

  start(guestId: string, signal?: AbortSignal): Promise<void> {
    return this.#calls.change("start", signal, (both) =>
      this.#alone(guestId, both, async () => {
        const guest = this.#guest(guestId);
        if (guest.power === "running") return;
        this.#requireTaps(guest.spec);
        await this.#commit({ kind: "started", guestId, atMs: this.#nowMs(), cpu: this.#cpu(guest.spec) });
        await this.#afterBoot(guestId);
      }),
    );
  }

  stop(guestId: string, graceMs: number, signal?: AbortSignal): Promise<void> {
    return this.#calls.change("stop", signal, async (both) => {
      if (this.#guest(guestId).power === "stopped") return;
      await this.#shutDown(graceMs, both);
      await this.#alone(guestId, both, async () => {
        if (this.#guests.get(guestId)?.power !== "running") return;
        await this.#commit({ kind: "stopped", guestId, atMs: this.#nowMs() });
        await this.#flush(this.#guest(guestId));
        this.#announce(guestId);
      });
    });
  }

  reboot(guestId: string, commandId: string, graceMs: number, signal?: AbortSignal): Promise<void> {
    return this.#calls.change("reboot", signal, async (both) => {
      const { power, lastReboot } = this.#guest(guestId);
      if (lastReboot === commandId) return;
      if (power === "running") await this.#shutDown(graceMs, both);
      await this.#alone(guestId, both, async () => {
        const guest = this.#guest(guestId);
        if (guest.lastReboot === commandId) return;
        this.#requireTaps(guest.spec);
        await this.#commit({ kind: "rebooted", guestId, commandId, atMs: this.#nowMs(), cpu: this.#cpu(guest.spec) });
        await this.#afterBoot(guestId);
      });
    });
  }

  freezeDisk(guestId: string, snapshotId: string, signal?: AbortSignal): Promise<DiskSource> {
    return this.#calls.ask("freezeDisk", signal, (both) =>
      this.#alone(guestId, both, async () => {
        const guest = this.#guest(guestId);
        if (guest.pictures[snapshotId] !== "frozen") await this.#freeze(guest, snapshotId, both);
        return this.#disks.source(guestId, snapshotId);
      }),
    );
  }

  releaseDisk(guestId: string, snapshotId: string): Promise<void> {
    return this.#calls.change("releaseDisk", undefined, (both) =>
      this.#alone(guestId, both, () => this.#release(guestId, snapshotId)),
    );
  }

  remove(guestId: string, signal?: AbortSignal): Promise<void> {
    return this.#calls.change("remove", signal, (both) =>
      this.#alone(guestId, both, async () => {
        const guest = this.#guests.get(guestId);
        if (guest !== undefined) await this.#commit({ kind: "removed", guestId });
        await this.#disks.remove(guestId);
        if (guest?.power === "running") this.#changes.send({ id: guestId, power: "stopped", ready: "unknown" });
      }),
    );
  }

  get(guestId: string, signal?: AbortSignal): Promise<GuestState | undefined> {
    return this.#calls.ask("get", signal, async () => {
      const guest = this.#guests.get(guestId);
      return guest && this.#stateOf(guest);
    });
  }

  async *list(signal?: AbortSignal): AsyncIterable<GuestState> {
    yield* await this.#calls.ask("list", signal, async () =>
      Array.from(this.#guests.values(), (guest) => this.#stateOf(guest)),
    );
  }

  events(signal: AbortSignal): AsyncIterable<GuestState> {
    return this.#changes.listen(AbortSignal.any([signal, this.#calls.closed]));
  }

  recover(signal?: AbortSignal): Promise<void> {
    return this.#calls.ask("recover", signal, async () => {
      for (const { spec, pictures } of this.#guests.values()) {
        for (const [snapshotId, picture] of Object.entries(pictures)) {
          if (picture === "freezing") await this.#release(spec.id, snapshotId);
        }
      }
      await this.#disks.reconcile([...this.#guests.values()]);
      for (const guest of this.#guests.values()) await this.#flush(guest);
    });
  }

  /** Changes a running guest to this specification: {@link LiveResizer} of the driver that has the capability. */
  protected resize(spec: GuestSpec, signal?: AbortSignal): Promise<void> {
    return this.#calls.change("resizeLive", signal, (both) =>
      this.#alone(spec.id, both, async () => {
        const guest = this.#guest(spec.id);
        if (guest.power !== "running") throw conflict("stopped", ["running"], "Only a running guest is resized live.");
        if (!sameSpec(guest.spec, spec)) {
          await this.#commit({ kind: "resized", spec, atMs: this.#nowMs(), cpu: this.#cpu(spec) });
        }
        await this.#disks.ensure(this.#guest(spec.id));
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#calls[Symbol.asyncDispose]();
    await this.#parts.open[Symbol.asyncDispose]();
  }

  get #calls(): Calls {
    return this.#parts.calls;
  }

  get #guests(): ReadonlyMap<string, FakeGuest> {
    return this.#parts.open.world.state.guests;
  }

  get #disks(): OpenHost["world"]["disks"] {
    return this.#parts.open.world.disks;
  }

  #commit(record: Parameters<OpenHost["world"]["commit"]>[0]): Promise<void> {
    return this.#parts.open.world.commit(record);
  }

  #nowMs(): number {
    return this.#parts.clock.nowMs();
  }

  #guest(guestId: string): FakeGuest {
    const guest = this.#guests.get(guestId);
    if (guest !== undefined) return guest;
    throw new CloudHostError("GUEST_NOT_FOUND", `The host has no guest ${guestId}.`, { guestId });
  }

  /** One change of a guest at a time. */
  #alone<T>(guestId: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#lanes.run(guestId, async () => {
      throwIfCancelled(signal, `a change of ${guestId}`);
      return work();
    });
  }

  async #redefine(guest: FakeGuest | undefined, spec: GuestSpec): Promise<void> {
    if (guest?.power === "running") {
      throw conflict("running", ["stopped"], `${spec.id} runs with another specification.`);
    }
    if (spec.boot !== undefined && !this.capabilities.directBoot) {
      const feature = "starting a kernel directly";
      throw new CloudHostError("UNSUPPORTED", `This host does not do it: ${feature}.`, { feature, by: "fake" });
    }
    await this.#commit({ kind: "defined", spec, baseBytes: await baseSize(spec) });
  }

  #requireTaps({ id, nics }: GuestSpec): void {
    if (!this.#parts.options.requireTaps) return;
    const { bindings } = this.#parts.open.world.state.network;
    const missing = nics.find((nic) => bindings.get(nic.id)?.tap !== nic.tap);
    if (missing === undefined) return;
    throw conflict(`without tap ${missing.tap}`, ["network applied"], `${id} has no tap ${missing.tap} to start with.`);
  }

  /** The budget of a guest: what a real driver would write into its cgroup. */
  #cpu(spec: GuestSpec): CpuBudget {
    return cpuBudget(spec, this.#parts.inventory);
  }

  /** Waits as long as the guest's OS takes to shut down, or until the power is cut. */
  async #shutDown(graceMs: number, signal: AbortSignal): Promise<void> {
    const waitMs = Math.min(graceMs, this.#parts.options.shutdownMs);
    if (waitMs > 0) await this.#parts.clock.sleep(waitMs, signal);
  }

  async #afterBoot(guestId: string): Promise<void> {
    const guest = this.#guest(guestId);
    await this.#flush(guest);
    this.#announce(guestId);
    this.#announceReady(guest);
  }

  #writes(guest: FakeGuest): number {
    return writesOf(guest, useAt(this.#parts.open.world.state, guest, this.#nowMs()).ranMs);
  }

  /** Brings the guest's disk to what it has written by now. */
  async #flush(guest: FakeGuest): Promise<void> {
    await this.#disks.write(guest, this.#writes(guest));
  }

  async #freeze(guest: FakeGuest, snapshotId: string, signal: AbortSignal): Promise<void> {
    const guestId = guest.spec.id;
    await this.#commit({ kind: "freezing", guestId, snapshotId });
    try {
      const writes = this.#writes(guest);
      await this.#disks.write(guest, writes);
      await this.#disks.takePicture(guest, snapshotId, writes, signal);
      await this.#commit({ kind: "frozen", guestId, snapshotId });
    } catch (error) {
      await this.#release(guestId, snapshotId);
      throw error;
    }
  }

  async #release(guestId: string, snapshotId: string): Promise<void> {
    if (this.#guests.get(guestId)?.pictures[snapshotId] === undefined) return;
    await this.#commit({ kind: "released", guestId, snapshotId });
    await this.#disks.removePicture(guestId, snapshotId);
  }

  #stateOf({ spec, power, bootAtMs }: FakeGuest): GuestState {
    if (power === "stopped" || !this.capabilities.guestReady) return { id: spec.id, power, ready: "unknown" };
    const ready = this.#nowMs() >= bootAtMs + this.#parts.options.bootMs ? "ready" : "booting";
    return { id: spec.id, power, ready };
  }

  #announce(guestId: string): void {
    if (this.#calls.plugged) this.#changes.send(this.#stateOf(this.#guest(guestId)));
  }

  /** Tells when the guest's OS has booted, if it is still the same boot then. */
  #announceReady({ spec, power, boots, bootAtMs }: FakeGuest): void {
    const leftMs = bootAtMs + this.#parts.options.bootMs - this.#nowMs();
    if (power === "stopped" || !this.capabilities.guestReady || leftMs <= 0) return;
    const announce = async (): Promise<void> => {
      await this.#parts.clock.sleep(leftMs, this.#calls.closed);
      const guest = this.#guests.get(spec.id);
      if (guest?.power === "running" && guest.boots === boots) this.#announce(spec.id);
    };
    // Only the driver's closing ends the wait, and then there is nobody to tell.
    detached(announce).catch(() => {});
  }
}

/** A fake driver with the capability `liveResize`. */
export class ResizingFakeComputeDriver extends FakeComputeDriver implements LiveResizer {
  resizeLive(spec: GuestSpec, signal?: AbortSignal): Promise<void> {
    return this.resize(spec, signal);
  }
}

/** A specification's absent fields may be missing or `undefined`. */
const sameSpec = (a: GuestSpec, b: GuestSpec): boolean => isDeepStrictEqual(plain(a), plain(b));

const plain = (spec: GuestSpec): unknown => JSON.parse(JSON.stringify(spec)) as unknown;

const conflict = (state: string, allowed: readonly string[], message: string): CloudHostError =>
  new CloudHostError("CONFLICT", message, { state, allowed });
