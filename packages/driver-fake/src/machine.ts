import { CloudHostError, cpuBudget, diskKey } from "@cloudhost/core/ports";
import type { Clock, ComputeInventory, CpuBudget, DiskSource, GuestSpec } from "@cloudhost/core/ports";
import { baseSize, rawSize } from "./disks/guest-disks.ts";
import { diskBytes, writesOf } from "./disks/writes.ts";
import { liveNeeds } from "./live-change.ts";
import type { FakeHostOptions } from "./options.ts";
import { refuseAdopted } from "./world/adoption.ts";
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
    const present = this.guests.get(spec.id);
    if (present !== undefined && present.power !== "stopped") {
      throw conflict(present.power, ["stopped"], `${spec.id} is ${present.power} with another specification.`);
    }
    if (present?.adopted !== undefined) {
      throw conflict("taken over", ["removed"], `${spec.id} was taken over: it stays as it is until it is removed.`);
    }
    requireFeasible(spec, this.#parts.options.capabilities);
    if (present !== undefined) refuseToShrink(present.spec, spec);
    const [baseBytes, rescueBytes] = await Promise.all([
      baseSize(spec),
      spec.rescue === undefined ? null : rawSize(spec.rescue.base),
    ]);
    // What it wrote so far goes to the disk that it booted from so far.
    if (present !== undefined && (present.rescueBytes === null) !== (rescueBytes === null)) await this.#flush(present);
    await this.#world.commit({ kind: "defined", spec, baseBytes, rescueBytes });
    if (present !== undefined) await this.#world.disks.tidy(this.guest(spec.id));
  }

  /** Makes what a guest lacks of its disks; in memory, whoever reads them does. */
  async ensureDisks(guestId: string): Promise<void> {
    if (!this.#world.inMemory) await this.#world.disks.ensure(this.guest(guestId));
  }

  /**
   * Gives a guest the power, or takes it and gives it back; a reboot is remembered by its command.
   * @param reboot `clean` when its OS had the time to shut down
   */
  async boot(guestId: string, reboot?: { readonly commandId: string; readonly clean: boolean }): Promise<void> {
    const { spec } = this.guest(guestId);
    this.#requireTaps(spec);
    const boot = { guestId, atMs: this.#nowMs(), cpu: this.#cpu(spec) };
    await this.#world.commit(
      reboot === undefined ? { kind: "started", ...boot } : { kind: "rebooted", ...boot, ...reboot },
    );
    await this.#wrote(guestId);
  }

  async powerOff(guestId: string, clean: boolean): Promise<void> {
    await this.#world.commit({ kind: "stopped", guestId, atMs: this.#nowMs(), clean });
    await this.#wrote(guestId);
  }

  async pause(guestId: string): Promise<void> {
    this.#require(guestId, "running");
    await this.#world.commit({ kind: "paused", guestId, atMs: this.#nowMs() });
  }

  async unpause(guestId: string): Promise<void> {
    this.#require(guestId, "paused");
    await this.#world.commit({ kind: "unpaused", guestId, atMs: this.#nowMs() });
  }

  /** Its memory is not on a disk, as it has none: that it is suspended is all there is. */
  async suspend(guestId: string): Promise<void> {
    this.#require(guestId, "running");
    await this.#world.commit({ kind: "suspended", guestId, atMs: this.#nowMs() });
    await this.#wrote(guestId);
  }

  async resume(guestId: string): Promise<void> {
    const { spec } = this.#require(guestId, "suspended");
    this.#requireTaps(spec);
    await this.#world.commit({ kind: "resumed", guestId, atMs: this.#nowMs(), cpu: this.#cpu(spec) });
  }

  /** Gives a running guest another specification. */
  async change(spec: GuestSpec): Promise<void> {
    const present = this.#require(spec.id, "running");
    refuseAdopted(present, "a change");
    const { capabilities } = this.#parts.options;
    const missing = liveNeeds(present.spec, spec).find((need) => need === "restart" || !capabilities[need]);
    if (missing !== undefined) throw unsupported(missing === "restart" ? "a change that takes a restart" : missing);
    requireFeasible(spec, capabilities);
    refuseToShrink(present.spec, spec);
    this.#requireTaps(spec);
    await this.#world.commit({ kind: "changed", spec, atMs: this.#nowMs(), cpu: this.#cpu(spec) });
    await this.#world.disks.tidy(this.guest(spec.id));
  }

  async freeze(guestId: string, snapshotId: string, signal: AbortSignal): Promise<DiskSource> {
    const guest = this.guest(guestId);
    const { disks } = this.#world;
    if (guest.pictures[snapshotId] !== "frozen") {
      await this.#world.commit({ kind: "freezing", guestId, snapshotId });
      try {
        await this.#flush(guest);
        await disks.takePicture(guest, snapshotId, signal);
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
    const guest = this.guests.get(guestId);
    if (guest !== undefined) await this.#world.commit({ kind: "removed", guestId });
    if (guest?.adopted !== undefined) await this.#world.strangerDisks.remove(guest.spec.base.path);
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
    await this.#world.strangerDisks.tidy(this.#world.state);
    for (const guestId of this.guests.keys()) await this.#wrote(guestId);
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

  /** A good moment to bring its disk to what it has written; in memory that waits until somebody reads the disk. */
  async #wrote(guestId: string): Promise<void> {
    if (!this.#world.inMemory) await this.#flush(this.guest(guestId));
  }

  /** Brings the guest's disk to what it has written by now. */
  async #flush(guest: FakeGuest): Promise<void> {
    await this.#world.disks.ensure(guest);
    const { ranMs } = useAt(this.#world.state, guest, this.#nowMs());
    await this.#world.disks.write(guest, writesOf(guest, ranMs));
  }

  #require(guestId: string, power: FakeGuest["power"]): FakeGuest {
    const guest = this.guest(guestId);
    if (guest.power === power) return guest;
    throw conflict(guest.power, [power], `${guestId} is ${guest.power}, not ${power}.`);
  }
}

/** @throws CloudHostError `UNSUPPORTED` for what this host cannot do, `INVALID_ARGUMENT` for a disk that is there twice */
function requireFeasible({ boot, rescue, disks }: GuestSpec, can: FakeHostOptions["capabilities"]): void {
  const kernel = boot ?? rescue?.boot;
  if (kernel !== undefined && !can.directBoot) throw unsupported("starting a kernel directly");
  if (rescue !== undefined && !can.rescue) throw unsupported("booting from another image");
  const keys = disks.map(diskKey);
  const twice = keys.findIndex((key, index) => keys.indexOf(key) !== index);
  if (twice === -1) return;
  const issues = [{ path: `disks.${twice}`, message: `another disk is ${keys[twice]} already` }];
  throw new CloudHostError("INVALID_ARGUMENT", "A guest has each of its disks once.", { issues });
}

/** Another base has a system disk of its own: that one may be smaller. */
function refuseToShrink(present: GuestSpec, wanted: GuestSpec): void {
  for (const disk of wanted.disks.map(diskKey)) {
    if (disk === "system" && present.base.digest !== wanted.base.digest) continue;
    if (diskBytes(wanted, disk) >= diskBytes(present, disk)) continue;
    throw conflict("larger", ["at least as large"], `The disk ${disk} of ${present.id} cannot shrink.`);
  }
}

const conflict = (state: string, allowed: readonly string[], message: string): CloudHostError =>
  new CloudHostError("CONFLICT", message, { state, allowed });

const unsupported = (feature: string): CloudHostError =>
  new CloudHostError("UNSUPPORTED", `This host does not do it: ${feature}.`, { feature, by: "fake" });
