import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GuestDisks } from "../disks/guest-disks.ts";
import { StrangerDisks } from "../disks/stranger-disks.ts";
import { Journal, readJournal } from "./journal.ts";
import { takeLock } from "./lock.ts";
import type { WorldRecord } from "./record.ts";
import { applyRecord, newHost, worldRecordOf } from "./state.ts";
import type { HostState } from "./state.ts";

/** A journal is rewritten when it has so many records. */
const compactAfter = 1000;

/** Files of a host in its folder. */
export const hostFiles = { journal: "journal", lock: "lock", disks: "disks", strangers: "strangers" } as const;

/** A fake host's hardware, as it were: what is on it stays when its drivers go. */
export class HostWorld implements AsyncDisposable {
  readonly disks: GuestDisks;
  /** Disks of guests that are not the driver's, adopted since or not. */
  readonly strangerDisks: StrangerDisks;
  readonly #cleanup: AsyncDisposableStack;
  readonly #journal: Journal | undefined;
  #state: HostState;
  #committing: Promise<void> = Promise.resolve();
  /** Why the journal could not be written: what the disk has is unknown from then on. */
  #broken: { readonly error: unknown } | undefined;

  private constructor(dir: string, state: HostState, cleanup: AsyncDisposableStack, journal?: Journal) {
    this.disks = new GuestDisks(join(dir, hostFiles.disks));
    this.strangerDisks = new StrangerDisks(join(dir, hostFiles.strangers));
    this.#state = state;
    this.#cleanup = cleanup;
    this.#journal = journal;
  }

  /** A host in memory; its guests' disks are made when they are read, in a temporary folder that goes with it. */
  static async inMemory(host: string): Promise<HostWorld> {
    const dir = await mkdtemp(join(tmpdir(), `cloudhost-fake-${host}-`));
    const cleanup = new AsyncDisposableStack();
    cleanup.defer(() => rm(dir, { recursive: true, force: true }));
    return new HostWorld(dir, newHost, cleanup);
  }

  /**
   * A host in a folder, as it was when its process ended, however it ended.
   * @throws CloudHostError `LOCKED` when another process has it open
   */
  static async inFolder(dir: string, host: string): Promise<HostWorld> {
    await mkdir(dir, { recursive: true });
    await using opening = new AsyncDisposableStack();
    opening.use(await takeLock(join(dir, hostFiles.lock), `the fake host ${host}`));
    const path = join(dir, hostFiles.journal);
    const state = (await readJournal(path)).reduce(applyRecord, newHost);
    const journal = opening.use(await Journal.begin(path, worldRecordOf(state)));
    return new HostWorld(dir, state, opening.move(), journal);
  }

  /** Whether it goes with its process. */
  get inMemory(): boolean {
    return this.#journal === undefined;
  }

  /** How it is now: a value that does not change. */
  get state(): HostState {
    return this.#state;
  }

  /** Makes it happen: durable first, then so. Records take effect in the order of the calls. */
  commit(record: WorldRecord): Promise<void> {
    const committed = this.#committing.then(() => this.#write(record));
    this.#committing = committed.catch(() => {});
    return committed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#committing;
    await this.#cleanup.disposeAsync();
  }

  async #write(record: WorldRecord): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken.error;
    const next = applyRecord(this.#state, record);
    try {
      await this.#journal?.append(record);
      this.#state = next;
      if ((this.#journal?.length ?? 0) >= compactAfter) await this.#journal?.compact(worldRecordOf(next));
    } catch (error) {
      this.#broken = { error };
      throw error;
    }
  }
}
