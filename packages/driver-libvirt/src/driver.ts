import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { CloudHostError } from "@cloudhost/core/ports";
import type {
  AdoptGuest,
  BaseDisk,
  ComputeCapabilities,
  ComputeDriver,
  ComputeInventory,
  ConsoleReader,
  DiskKeeper,
  DiskKey,
  DiskLayer,
  DiskMover,
  DiskSource,
  GuestAdopter,
  GuestSpec,
  GuestState,
  LiveChanger,
  Pauser,
  StrangerGuest,
  Suspender,
} from "@cloudhost/core/ports";
import { isLibvirtError, VIR } from "@cloudhost/libvirt-rpc";
import type { Domain } from "@cloudhost/libvirt-rpc";
import { throwIfCancelled, translated } from "./errors.ts";
import { adoptGuest, disownGuest, refuseAdopted } from "./guests/adoption.ts";
import type { Changes } from "./guests/changes.ts";
import { readConsole } from "./guests/console.ts";
import { ensureDisks, noteBase } from "./guests/disks.ts";
import { abandonCopy, freezeSystemDisk, frozenSource } from "./guests/freeze.ts";
import type { FoundGuest, Guests, HostTools } from "./guests/guests.ts";
import { dropDisks, keepDisks, restoreDisks } from "./guests/kept-disks.ts";
import { layersOf, putLayer } from "./guests/layers.ts";
import { changeLive } from "./guests/live-change.ts";
import { findStrangers } from "./guests/strangers.ts";
import { OneAtATime } from "./guests/one-at-a-time.ts";
import { askToShutDown, cutPower, goOn, halt, powerOn } from "./guests/power.ts";
import { finishReboot, noteReboot } from "./guests/reboot.ts";
import { recoverGuests } from "./guests/recover.ts";
import { withoutUserData } from "./guests/seed.ts";
import { forgetMemory, saveMemory } from "./guests/suspension.ts";
import { isThere } from "./guests/whole-files.ts";
import { domainXml } from "./xml/domain.ts";

/** What a driver is made of. */
export interface LibvirtDriverParts {
  readonly tools: HostTools;
  readonly guests: Guests;
  readonly changes: Changes;
  readonly capabilities: ComputeCapabilities;
  /** Counts what the host offers now. */
  readonly inventory: () => Promise<ComputeInventory>;
}

/**
 * Runs guests with QEMU through libvirt. What a guest shall be is kept in libvirt's own definition of it, its files
 * are in one folder, and this process keeps nothing: another that is opened in its place goes on.
 */
export class LibvirtComputeDriver
  implements ComputeDriver, Pauser, Suspender, LiveChanger, DiskMover, DiskKeeper, ConsoleReader, GuestAdopter
{
  readonly capabilities: ComputeCapabilities;
  readonly #parts: LibvirtDriverParts;
  readonly #tools: HostTools;
  readonly #guests: Guests;
  readonly #lane = new OneAtATime();

  constructor(parts: LibvirtDriverParts) {
    this.#parts = parts;
    this.#tools = parts.tools;
    this.#guests = parts.guests;
    this.capabilities = parts.capabilities;
  }

  inventory(signal?: AbortSignal): Promise<ComputeInventory> {
    return this.#ask("count what the host has", signal, () => this.#parts.inventory());
  }

  define(spec: GuestSpec, signal?: AbortSignal): Promise<void> {
    return this.#change(spec.id, "define", signal, async () => {
      const found = await this.#guests.find(spec.id);
      if (found === undefined) return this.#defineNew(spec);
      if (!isSame(found.record.spec, spec)) return this.#redefine(found, spec);
      return undefined;
    });
  }

  start(guestId: string, signal?: AbortSignal): Promise<void> {
    return this.#change(guestId, "start", signal, async () => powerOn(await this.#guests.require(guestId)));
  }

  stop(guestId: string, graceMs: number, signal?: AbortSignal): Promise<void> {
    return this.#ask(`stop ${guestId}`, signal, () => this.#powerOff(guestId, graceMs, signal), guestId);
  }

  reboot(guestId: string, commandId: string, graceMs: number, signal?: AbortSignal): Promise<void> {
    const what = `reboot ${guestId}`;
    const work = async (): Promise<void> => {
      const asked = await this.#lane.run(guestId, () => noteReboot(this.#guests, guestId, commandId));
      if (asked.record.reboot?.done === true) return;
      // Another run than the one that was to end: it was ended, by this command or before it.
      if (asked.run === asked.record.reboot?.endsRun) await this.#powerOff(guestId, graceMs, signal);
      throwIfCancelled(signal, what);
      await this.#lane.run(guestId, () => finishReboot(this.#guests, guestId, commandId));
    };
    return this.#ask(what, signal, work, guestId);
  }

  pause(guestId: string, signal?: AbortSignal): Promise<void> {
    return this.#change(guestId, "pause", signal, async () =>
      halt(await this.#guests.requirePower(guestId, "running", "paused")),
    );
  }

  unpause(guestId: string, signal?: AbortSignal): Promise<void> {
    return this.#change(guestId, "unpause", signal, async () =>
      goOn(await this.#guests.requirePower(guestId, "running", "paused")),
    );
  }

  suspend(guestId: string, signal?: AbortSignal): Promise<void> {
    return this.#change(guestId, "suspend", signal, async () => {
      const found = await this.#guests.requirePower(guestId, "running", "suspended");
      if (found.run !== undefined) await saveMemory(found);
    });
  }

  freezeDisk(guestId: string, snapshotId: string, signal?: AbortSignal): Promise<DiskSource> {
    return this.#change(guestId, "freeze the disk of", signal, async () => {
      const { domain, files, record } = await this.#guests.require(guestId);
      refuseAdopted(record, "a picture of the disk");
      const { qemuImg, clock } = this.#tools;
      const describe = (): Promise<FoundGuest> => this.#guests.require(guestId);
      if (!(await isThere(files.frozen(snapshotId)))) {
        await freezeSystemDisk(domain, files, snapshotId, { qemuImg, clock, describe }, signal);
      }
      return frozenSource(record.spec, files, snapshotId);
    });
  }

  releaseDisk(guestId: string, snapshotId: string): Promise<void> {
    return this.#change(guestId, "release a disk of", undefined, async () => {
      const files = this.#guests.files(guestId);
      const describe = (): Promise<FoundGuest> => this.#guests.require(guestId);
      const found = await this.#guests.find(guestId);
      if (found !== undefined && (await isThere(files.freezing(snapshotId)))) {
        await abandonCopy(found.domain, files, { describe });
      }
      for (const path of [files.freezing(snapshotId), files.frozen(snapshotId)]) await rm(path, { force: true });
    });
  }

  change(spec: GuestSpec, signal?: AbortSignal): Promise<void> {
    return this.#change(spec.id, "change", signal, async () => {
      const found = await this.#guests.requirePower(spec.id, "running");
      refuseAdopted(found.record, "a change");
      if (!isSame(found.record.spec, spec)) {
        await changeLive(this.#tools, this.#guests, found, spec, signal);
      }
    });
  }

  layers(guestId: string, signal?: AbortSignal): Promise<readonly DiskLayer[]> {
    return this.#change(guestId, "look at the disks of", signal, async () => {
      const { files, record } = await this.#stoppedOwn(guestId);
      return layersOf(record.spec, files);
    });
  }

  putLayer(guestId: string, disk: DiskKey, file: BaseDisk, signal?: AbortSignal): Promise<void> {
    return this.#change(guestId, "put a layer of", signal, async () => {
      const { files, record } = await this.#stoppedOwn(guestId);
      await putLayer(this.#tools.qemuImg, record.spec, files, { key: disk, file }, signal);
    });
  }

  keepDisks(guestId: string, keepId: string, signal?: AbortSignal): Promise<void> {
    return this.#change(guestId, "keep the disks of", signal, async () => {
      const { files, record } = await this.#stoppedOwn(guestId);
      await noteBase(files, record.spec);
      await keepDisks(files, keepId, signal);
    });
  }

  restoreDisks(guestId: string, keepId: string, signal?: AbortSignal): Promise<void> {
    return this.#change(guestId, "restore the disks of", signal, async () => {
      const { files } = await this.#stoppedOwn(guestId);
      await restoreDisks(files, keepId, signal);
    });
  }

  dropDisks(guestId: string, keepId: string): Promise<void> {
    return this.#change(guestId, "drop kept disks of", undefined, () => dropDisks(this.#guests.files(guestId), keepId));
  }

  consoleLog(guestId: string, mostBytes: number, signal?: AbortSignal): Promise<string> {
    const work = async (): Promise<string> => {
      const { files } = await this.#guests.require(guestId);
      return readConsole(files.console, mostBytes);
    };
    return this.#ask(`read the console of ${guestId}`, signal, work, guestId);
  }

  async *strangers(signal?: AbortSignal): AsyncIterable<StrangerGuest> {
    yield* await this.#ask("list guests of others", signal, async () => {
      const strangers: StrangerGuest[] = [];
      for await (const { guest } of findStrangers(this.#tools)) strangers.push(guest);
      return strangers;
    });
  }

  adopt(guest: AdoptGuest, signal?: AbortSignal): Promise<void> {
    return this.#change(guest.id, "adopt", signal, () => adoptGuest(this.#tools, this.#guests, guest));
  }

  disown(guestId: string, signal?: AbortSignal): Promise<void> {
    return this.#change(guestId, "disown", signal, () => disownGuest(this.#tools, this.#guests, guestId));
  }

  remove(guestId: string, signal?: AbortSignal): Promise<void> {
    return this.#change(guestId, "remove", signal, () => this.#remove(guestId));
  }

  get(guestId: string, signal?: AbortSignal): Promise<GuestState | undefined> {
    return this.#ask(`look at ${guestId}`, signal, async () => {
      const found = await this.#guests.find(guestId);
      return found && this.#look(found);
    });
  }

  async *list(signal?: AbortSignal): AsyncIterable<GuestState> {
    const states = await this.#ask("list guests", signal, async () => {
      const listed: GuestState[] = [];
      for await (const found of this.#guests.all()) {
        const state = await this.#look(found);
        if (state !== undefined) listed.push(state);
      }
      return listed;
    });
    yield* states;
  }

  events(signal: AbortSignal): AsyncIterable<GuestState> {
    return this.#parts.changes.listen(signal);
  }

  recover(signal?: AbortSignal): Promise<void> {
    return this.#ask("recover", signal, () =>
      recoverGuests(this.#tools, this.#guests, (guestId) => this.#remove(guestId), signal),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.changes[Symbol.asyncDispose]();
    await this.#tools.libvirt.close();
  }

  /** Does something that needs no turn. */
  #ask<T>(what: string, signal: AbortSignal | undefined, work: () => Promise<T>, guestId?: string): Promise<T> {
    return translated({ host: this.#tools.host, what, guestId }, async () => {
      throwIfCancelled(signal, what);
      return work();
    });
  }

  /** Changes a guest when its turn comes. */
  #change<T>(guestId: string, verb: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const what = `${verb} ${guestId}`;
    const inTurn = (): Promise<T> =>
      this.#lane.run(guestId, () => {
        throwIfCancelled(signal, what);
        return work();
      });
    return this.#ask(what, signal, inTurn, guestId);
  }

  async #look(found: FoundGuest): Promise<GuestState | undefined> {
    const state = await this.#guests.stateOf(found);
    if (state !== undefined) this.#parts.changes.seen(state);
    return state;
  }

  async #defineNew(spec: GuestSpec): Promise<void> {
    const files = this.#guests.files(spec.id);
    await mkdir(files.dir, { recursive: true, mode: 0o711 });
    await writeFile(files.defining, "");
    try {
      await ensureDisks(this.#tools.qemuImg, spec, files);
      const record = { host: this.#tools.host, spec: withoutUserData(spec) };
      await this.#tools.libvirt.defineDomain(domainXml(record, this.#tools.domainHost, files));
      await rm(files.defining);
    } catch (error) {
      await this.#remove(spec.id);
      throw error;
    }
  }

  /** A stopped guest that the driver itself has made. */
  async #stoppedOwn(guestId: string): Promise<FoundGuest> {
    const found = await this.#guests.requirePower(guestId, "stopped");
    refuseAdopted(found.record, "a change of the disks");
    return found;
  }

  async #redefine({ record, files }: FoundGuest, spec: GuestSpec): Promise<void> {
    if (record.adopted !== undefined) {
      const message = `${spec.id} was taken over: it stays as it is until it is removed.`;
      throw new CloudHostError("CONFLICT", message, { state: "taken over", allowed: ["removed"] });
    }
    // One that is suspended goes on as what it was.
    await this.#guests.requirePower(spec.id, "stopped");
    await ensureDisks(this.#tools.qemuImg, spec, files, record.spec);
    await this.#tools.libvirt.defineDomain(
      domainXml({ ...record, spec: withoutUserData(spec) }, this.#tools.domainHost, files),
    );
  }

  async #powerOff(guestId: string, graceMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { domain, run } = await this.#guests.require(guestId);
    if (run !== undefined) {
      if (graceMs > 0) await askToShutDown(domain, graceMs, this.#tools.clock, signal);
      await cutPower(domain);
    }
    await forgetMemory(domain);
  }

  /** Each step may be repeated, and the mark says that they all must be done once the first was. */
  async #remove(guestId: string): Promise<void> {
    const files = this.#guests.files(guestId);
    const found = await this.#guests.find(guestId);
    const begun = await readFile(files.removing, "utf8").catch(() => undefined);
    // One whose adoption was cut off is a stranger still.
    if (found === undefined && begun === undefined) await disownGuest(this.#tools, this.#guests, guestId);
    // An adopted guest's disk is not in the folder: which one it is must be known when its domain is gone.
    const elsewhere = found?.record.adopted?.disk.path ?? begun ?? "";
    if (await isThere(files.dir)) await writeFile(files.removing, elsewhere);
    if (found !== undefined) {
      await cutPower(found.domain);
      await forget(found.domain);
      this.#guests.forget(found.domain.uuid);
    }
    if (elsewhere !== "") await rm(elsewhere, { force: true });
    await rm(files.dir, { recursive: true, force: true });
  }
}

async function forget(domain: Domain): Promise<void> {
  try {
    await domain.undefine({ flags: undefineFlags });
  } catch (error) {
    if (!isLibvirtError(error, VIR.ERR_NO_DOMAIN)) throw error;
  }
}

const undefineFlags =
  VIR.DOMAIN_UNDEFINE_MANAGED_SAVE |
  VIR.DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
  VIR.DOMAIN_UNDEFINE_CHECKPOINTS_METADATA |
  VIR.DOMAIN_UNDEFINE_NVRAM;

const isSame = (kept: GuestSpec, wanted: GuestSpec): boolean =>
  isDeepStrictEqual(plain(kept), plain(withoutUserData(wanted)));

/** A field that is absent and one that is `undefined` are the same specification. */
const plain = (spec: GuestSpec): unknown => JSON.parse(JSON.stringify(spec)) as unknown;
