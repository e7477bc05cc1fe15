import { CloudHostError, cpuBudget } from "@cloudhost/core/ports";
import type { Clock, ComputeInventory, CpuBudget, DiskSource, GuestSpec } from "@cloudhost/core/ports";
import { baseSize } from "./disks/guest-disks.ts";
import { writesOf } from "./disks/writes.ts";
import type { FakeHostOptions } from "./options.ts";
import type { FakeGuest } from "./world/guest.ts";
import type { HostWorld } from "./world/host-world.ts";
import { useAt } from "./world/state.ts";

/** What a host's machine is made of. */
export interface MachineParts {
  readonly world: HostWorld;
  readonly options: Pick<FakeHostOptions, "requireTaps" | "capabilities">;
  readonly inventory: ComputeInventory;
  readonly clock: Clock;
}

/**
 * Does to a host what its driver is asked for, one change of a guest at a time. Whatever changes is in the world's
 * journal first; what was cut off between the two, {@link Machine.recover} makes good.
 */
export class Machine {
  readonly #parts: MachineParts;

  constructor(parts: MachineParts) {
    this.#parts = parts;
  }

  /** Every guest, as it is now. */
  get guests(): ReadonlyMap<string, FakeGuest> {
    return this.#world.state.guests;
  }

  /** @throws CloudHostError `GUEST_NOT_FOUND` */
  guest(guestId: string): FakeGuest {
    const guest = this.guests.get(guestId);
    if (guest !== undefined) return guest;
    throw new CloudHostError("GUEST_NOT_FOUND", `The host has no guest ${guestId}.`, { guestId });
  }

  /** Makes a guest, or gives a stopped one another specification. */
  async define(spec: GuestSpec): Promise<void> {
    if (this.guests.get(spec.id)?.power === "running") {
      throw conflict("running", ["stopped"], `${spec.id} runs with another specification.`);
    }
    if (spec.boot !== undefined && !this.#parts.options.capabilities.directBoot) {
      const feature = "starting a kernel directly";
      throw new CloudHostError("UNSUPPORTED", `This host does not do it: ${feature}.`, { feature, by: "fake" });
    }
    await this.#world.commit({ kind: "defined", spec, baseBytes: await baseSize(spec) });
  }

  /** Makes what a guest lacks of its disks. */
  ensureDisks(guestId: string): Promise<void> {
    return this.#world.disks.ensure(this.guest(guestId));
  }

  /** Gives a guest the power, or takes it and gives it back; a reboot is remembered by its command. */
  async boot(guestId: string, reboot?: { readonly commandId: string }): Promise<void> {
    const { spec } = this.guest(guestId);
    this.#requireTaps(spec);
    const boot = { guestId, atMs: this.#nowMs(), cpu: this.#cpu(spec) };
    await this.#world.commit(
      reboot === undefined ? { kind: "started", ...boot } : { kind: "rebooted", ...boot, ...reboot },
    );
    await this.#flush(this.guest(guestId));
  }

  async powerOff(guestId: string): Promise<void> {
    await this.#world.commit({ kind: "stopped", guestId, atMs: this.#nowMs() });
    await this.#flush(this.guest(guestId));
  }

  /** Gives a running guest another specification. */
  async resize(spec: GuestSpec): Promise<void> {
    if (this.guest(spec.id).power !== "running") {
      throw conflict("stopped", ["running"], "Only a running guest is resized live.");
    }
    await this.#world.commit({ kind: "resized", spec, atMs: this.#nowMs(), cpu: this.#cpu(spec) });
  }

  async freeze(guestId: string, snapshotId: string, signal: AbortSignal): Promise<DiskSource> {
    const guest = this.guest(guestId);
    const { disks } = this.#world;
    if (guest.pictures[snapshotId] !== "frozen") {
      await this.#world.commit({ kind: "freezing", guestId, snapshotId });
      try {
        const writes = this.#writes(guest);
        await disks.write(guest, writes);
        await disks.takePicture(guest, snapshotId, writes, signal);
        await this.#world.commit({ kind: "frozen", guestId, snapshotId });
      } catch (error) {
        await this.release(guestId, snapshotId);
        throw error;
      }
    }
    return disks.source(guestId, snapshotId);
  }

  async release(guestId: string, snapshotId: string): Promise<void> {
    if (this.guests.get(guestId)?.pictures[snapshotId] !== undefined) {
      await this.#world.commit({ kind: "released", guestId, snapshotId });
    }
    await this.#world.disks.removePicture(guestId, snapshotId);
  }

  async remove(guestId: string): Promise<void> {
    if (this.guests.has(guestId)) await this.#world.commit({ kind: "removed", guestId });
    await this.#world.disks.remove(guestId);
  }

  /** Gives up what was half done and brings the disks in line with the journal. */
  async recover(): Promise<void> {
    for (const { spec, pictures } of this.guests.values()) {
      for (const [snapshotId, picture] of Object.entries(pictures)) {
        if (picture === "freezing") await this.release(spec.id, snapshotId);
      }
    }
    await this.#world.disks.reconcile([...this.guests.values()]);
    for (const guest of this.guests.values()) await this.#flush(guest);
  }

  get #world(): HostWorld {
    return this.#parts.world;
  }

  #nowMs(): number {
    return this.#parts.clock.nowMs();
  }

  #requireTaps({ id, nics }: GuestSpec): void {
    if (!this.#parts.options.requireTaps) return;
    const { bindings } = this.#world.state.network;
    const missing = nics.find((nic) => bindings.get(nic.id)?.tap !== nic.tap);
    if (missing === undefined) return;
    throw conflict(`without tap ${missing.tap}`, ["network applied"], `${id} has no tap ${missing.tap} to start with.`);
  }

  /** The budget of a guest: what a real driver would write into its cgroup. */
  #cpu(spec: GuestSpec): CpuBudget {
    return cpuBudget(spec, this.#parts.inventory);
  }

  #writes(guest: FakeGuest): number {
    return writesOf(guest, useAt(this.#world.state, guest, this.#nowMs()).ranMs);
  }

  /** Brings the guest's disk to what it has written by now. */
  async #flush(guest: FakeGuest): Promise<void> {
    await this.#world.disks.write(guest, this.#writes(guest));
  }
}

const conflict = (state: string, allowed: readonly string[], message: string): CloudHostError =>
  new CloudHostError("CONFLICT", message, { state, allowed });
