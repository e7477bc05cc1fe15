import { EventEmitter, on } from "node:events";
import { access, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { CloudHostError, computeDriverModule, diskKey, noExtensions } from "@cloudhost/core/ports";
import type {
  ComputeDriver,
  ComputeInventory,
  DiskSource,
  DriverConfig,
  DriverContext,
  GuestSpec,
  GuestState,
} from "@cloudhost/core/ports";
import { z } from "zod";
import { GuestFolder } from "./guest-folder.ts";

/** What the host offers, its reserve included. */
const Options = z.strictObject({
  cores: z.int().min(1),
  /** What one core is worth in mEUCU: calibrate it. */
  milliEcuPerCore: z.int().min(1),
  memoryMib: z.int().min(1),
  diskGib: z.int().min(1),
});
type Options = z.infer<typeof Options>;

/** What `host({ compute })` takes: data, fit for a file. */
export const processes = (options: Options): DriverConfig => ({ module: import.meta.url, options });

export default computeDriverModule({
  options: Options,
  open: async (options, context) => new ProcessDriver(options, context),
});

/** Guests that are processes of this machine, each in a folder of its own. */
export class ProcessDriver implements ComputeDriver {
  readonly capabilities = { ...noExtensions, cpuQuota: false, guestReady: true, directBoot: false };
  readonly #options: Options;
  readonly #context: DriverContext;
  readonly #changes = new EventEmitter();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: Options, context: DriverContext) {
    this.#options = options;
    this.#context = context;
  }

  async inventory(signal?: AbortSignal): Promise<ComputeInventory> {
    refuseIfCancelled(signal);
    const { cores, milliEcuPerCore, memoryMib, diskGib } = this.#options;
    const { reserve } = this.#context;
    return {
      cpuModel: "a process",
      architecture: process.arch === "arm64" ? "aarch64" : "x86_64",
      hypervisor: "fake",
      guestCores: Math.max(0, cores - reserve.cores),
      milliEcuPerCore,
      milliEcuEstimated: true,
      memoryMib: Math.max(0, memoryMib - reserve.memoryMib),
      diskGib: Math.max(0, diskGib - reserve.diskGib),
      resources: {},
    };
  }

  define(spec: GuestSpec, signal?: AbortSignal): Promise<void> {
    return this.#alone(signal, async () => {
      const guest = this.#folder(spec.id);
      const present = await guest.spec();
      if (isDeepStrictEqual(present, spec)) return;
      if ((await guest.pid()) !== undefined) {
        throw new CloudHostError("CONFLICT", `${spec.id} runs with another specification.`, {
          state: "running",
          allowed: ["stopped"],
        });
      }
      await refuseWhatCannotRun(spec);
      if (present !== undefined) refuseToShrink(present, spec);
      await (present === undefined ? guest.create(spec) : guest.change(spec));
    });
  }

  start(guestId: string, signal?: AbortSignal): Promise<void> {
    return this.#alone(signal, () => this.#boot(guestId));
  }

  stop(guestId: string, graceMs: number, signal?: AbortSignal): Promise<void> {
    return this.#alone(signal, () => this.#shutDown(guestId, graceMs, signal));
  }

  reboot(guestId: string, commandId: string, graceMs: number, signal?: AbortSignal): Promise<void> {
    return this.#alone(signal, async () => {
      const guest = await this.#known(guestId);
      if ((await guest.lastReboot()) !== commandId) {
        await this.#shutDown(guestId, graceMs, signal);
        // Between the stop and the start: a kill before this line repeats the stop, one after it only the start.
        await guest.rebooted(commandId);
      }
      await this.#boot(guestId);
    });
  }

  freezeDisk(guestId: string, snapshotId: string, signal?: AbortSignal): Promise<DiskSource> {
    return this.#alone(signal, async () => {
      const path = await (await this.#known(guestId)).picture(snapshotId);
      return { path, format: "raw", chain: [path] };
    });
  }

  releaseDisk(guestId: string, snapshotId: string): Promise<void> {
    return this.#alone(undefined, () => this.#folder(guestId).removePicture(snapshotId));
  }

  remove(guestId: string, signal?: AbortSignal): Promise<void> {
    return this.#alone(signal, async () => {
      const guest = this.#folder(guestId);
      if ((await guest.spec()) !== undefined) await this.#shutDown(guestId, 0, signal);
      await guest.remove();
    });
  }

  async get(guestId: string, signal?: AbortSignal): Promise<GuestState | undefined> {
    refuseIfCancelled(signal);
    const guest = this.#folder(guestId);
    if ((await guest.spec()) === undefined) return undefined;
    if ((await guest.pid()) === undefined) return { id: guestId, power: "stopped", ready: "unknown" };
    const lastLine = (await guest.console()).trimEnd().split("\n").at(-1);
    return { id: guestId, power: "running", ready: lastLine === "ready" ? "ready" : "booting" };
  }

  async *list(signal?: AbortSignal): AsyncIterable<GuestState> {
    refuseIfCancelled(signal);
    for (const guestId of await readdir(this.#context.stateDir)) {
      const state = await this.get(guestId, signal);
      if (state !== undefined) yield state;
    }
  }

  async *events(signal: AbortSignal): AsyncIterable<GuestState> {
    try {
      for await (const [state] of on(this.#changes, "changed", { signal })) yield state as GuestState;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  recover(signal?: AbortSignal): Promise<void> {
    return this.#alone(signal, async () => {
      const { stateDir } = this.#context;
      const drafts = (await readdir(stateDir, { recursive: true })).filter((name) => name.endsWith(".new"));
      for (const draft of drafts) await rm(join(stateDir, draft), { recursive: true, force: true });
    });
  }

  /** The guests go on: they are the host's, not ours. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
  }

  #folder(guestId: string): GuestFolder {
    return new GuestFolder(this.#context.stateDir, guestId);
  }

  async #known(guestId: string): Promise<GuestFolder> {
    const guest = this.#folder(guestId);
    if ((await guest.spec()) !== undefined) return guest;
    throw new CloudHostError("GUEST_NOT_FOUND", `The host has no guest ${guestId}.`, { guestId });
  }

  /** One change at a time, and no error but ours. */
  #alone<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(async () => {
      refuseIfCancelled(signal);
      try {
        return await this.#context.clock.busy(work);
      } catch (error) {
        throw CloudHostError.from(error);
      }
    });
    this.#last = result.catch(() => {});
    return result;
  }

  async #boot(guestId: string): Promise<void> {
    const guest = await this.#known(guestId);
    if ((await guest.pid()) !== undefined) return;
    await guest.boot();
    // No signal ends this wait: a repeat that came before the process is known would begin a second one.
    await this.#until(async () => (await guest.pid()) !== undefined);
    this.#changes.emit("changed", await this.get(guestId));
  }

  async #shutDown(guestId: string, graceMs: number, signal: AbortSignal | undefined): Promise<void> {
    const guest = await this.#known(guestId);
    const { clock } = this.#context;
    const pid = await guest.pid();
    if (pid === undefined) return;
    const powerOffAtMs = clock.nowMs() + graceMs;
    if (graceMs > 0) process.kill(pid, "SIGTERM");
    const stopped = async (): Promise<boolean> => (await guest.pid()) === undefined;
    await this.#until(async () => (await stopped()) || clock.nowMs() >= powerOffAtMs, signal);
    if (!(await stopped())) process.kill(pid, "SIGKILL");
    await this.#until(stopped, signal);
    this.#changes.emit("changed", await this.get(guestId));
  }

  async #until(holds: () => Promise<boolean>, signal?: AbortSignal): Promise<void> {
    while (!(await holds())) await this.#context.clock.sleep(5, signal);
  }
}

async function refuseWhatCannotRun({ base, boot, rescue }: GuestSpec): Promise<void> {
  if (boot !== undefined || rescue !== undefined) {
    const details = { feature: "starting a kernel, or another image", by: "process driver" };
    throw new CloudHostError("UNSUPPORTED", "A process has neither kernel nor image.", details);
  }
  try {
    await access(base.path);
  } catch (cause) {
    const details = { resource: "base image", id: base.path };
    throw new CloudHostError("NOT_FOUND", `The base ${base.path} cannot be read.`, details, { cause });
  }
}

function refuseToShrink(present: GuestSpec, wanted: GuestSpec): void {
  const before = new Map(present.disks.map((disk) => [diskKey(disk), disk.sizeGib]));
  const smaller = wanted.disks.find((disk) => disk.sizeGib < (before.get(diskKey(disk)) ?? 0));
  if (smaller === undefined) return;
  const details = { state: "larger", allowed: ["at least as large"] };
  throw new CloudHostError("CONFLICT", `The disk ${diskKey(smaller)} of ${present.id} cannot shrink.`, details);
}

function refuseIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new CloudHostError("CANCELLED", "The call was cancelled.", { what: "call" });
}
