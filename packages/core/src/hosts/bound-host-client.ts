import type { DiskLayer } from "../ports/compute-extensions.ts";
import type { AdoptGuest, StrangerGuest } from "../ports/guest-adopter.ts";
import type { BaseDisk, DiskKey, DiskSource, GuestSpec, GuestState } from "../ports/guest.ts";
import type { HostCommandArgs, HostCommandKind, HostCommandResult } from "../ports/host-commands.ts";
import type { EnsureImage, SealedImage } from "../ports/host-images.ts";
import type { HostInventory } from "../ports/host.ts";
import type { NetworkChange } from "../ports/network-driver.ts";
import { changesAPage, pagesOf } from "./change-pages.ts";
import { commandTimeoutMs } from "./command-timeouts.ts";

/** One run of a command. */
export interface RunOptions {
  /** What it is about: commands for one thing run one at a time. */
  readonly resource: string;
  /** Whose step it is; `null` for a reconciler's, or a query. */
  readonly operationId: string | null;
  /** Must not fall, for one resource, from one command to the next: the agent refuses an older one. */
  readonly epoch: number;
  /** To ask again for one that was sent before, perhaps by another process. @defaultValue a new one */
  readonly commandId?: string | undefined;
  /** How long it may take on the host, from its start there, in milliseconds. */
  readonly timeoutMs: number;
  /** Cancels it on the host. */
  readonly signal?: AbortSignal | undefined;
  /** Told 0 to 100, only ever more. */
  readonly onProgress?: ((percent: number) => void) | undefined;
}

/** `HostClient.run` */
export type RunCommand = <Kind extends HostCommandKind>(
  kind: Kind,
  args: HostCommandArgs<Kind>,
  options: RunOptions,
) => Promise<HostCommandResult<Kind>>;

/** What all commands of one step share. */
export interface Binding extends Pick<RunOptions, "resource" | "operationId" | "epoch" | "signal" | "onProgress"> {
  /**
   * The id of each command in turn, so that a step that is resumed asks again for the same ones.
   * @defaultValue new ids
   */
  readonly nextCommandId?: (() => string) | undefined;
  /** Instead of the usual one of the kind. */
  readonly timeoutMs?: number | undefined;
}

/** An update of the host's network: what leads from the base to the revision. Base 0: the changes are the whole. */
export interface NetworkChanges {
  readonly revision: number;
  readonly baseRevision: number;
  readonly changes: readonly NetworkChange[];
}

/**
 * A host's calls, for one step of an operation. They read like its drivers' own, and are as idempotent.
 * What they throw, `HostClient.run` says.
 */
export interface BoundHostClient {
  readonly host: string;
  inventory(): Promise<HostInventory>;
  readonly compute: {
    define(spec: GuestSpec): Promise<void>;
    start(guestId: string): Promise<void>;
    /** @param graceMs how long its OS may take before the power is cut */
    stop(guestId: string, graceMs: number): Promise<void>;
    /** @param graceMs how long its OS may take before the power is cut and given again */
    reboot(guestId: string, graceMs: number): Promise<void>;
    pause(guestId: string): Promise<void>;
    unpause(guestId: string): Promise<void>;
    suspend(guestId: string): Promise<void>;
    /** Changes a running guest to this specification without a restart. */
    change(spec: GuestSpec): Promise<void>;
    layers(guestId: string): Promise<readonly DiskLayer[]>;
    putLayer(guestId: string, disk: DiskKey, file: BaseDisk): Promise<void>;
    keepDisks(guestId: string, keepId: string): Promise<void>;
    restoreDisks(guestId: string, keepId: string): Promise<void>;
    dropDisks(guestId: string, keepId: string): Promise<void>;
    /** @param mostBytes 1 to 1,048,576 */
    consoleLog(guestId: string, mostBytes: number): Promise<string>;
    /** Guests of the hypervisor that are not ours. */
    strangers(): Promise<readonly StrangerGuest[]>;
    adopt(guest: AdoptGuest): Promise<void>;
    disown(guestId: string): Promise<void>;
    remove(guestId: string): Promise<void>;
    get(guestId: string): Promise<GuestState | undefined>;
    list(): Promise<readonly GuestState[]>;
    freezeDisk(guestId: string, snapshotId: string): Promise<DiskSource>;
    releaseDisk(guestId: string, snapshotId: string): Promise<void>;
  };
  readonly images: {
    ensure(image: EnsureImage): Promise<BaseDisk>;
    /** @param keep digests of those that it goes on holding */
    release(holder: string, keep?: readonly string[]): Promise<void>;
    ingest(source: DiskSource, imageId: string): Promise<SealedImage>;
    holders(): Promise<readonly string[]>;
  };
  readonly network: {
    /**
     * Sends an update, in pages when it is long.
     * @returns the revision that holds on the host; `wanted: "whole"` when the agent lacks the base: then nothing was
     * done, and the whole must be sent
     */
    apply(update: NetworkChanges): Promise<HostCommandResult<"network.apply">>;
  };
}

/** The calls of a host for one step, over its client's `run`. */
export function boundHostClient(host: string, runCommand: RunCommand, binding: Binding): BoundHostClient {
  const { nextCommandId, timeoutMs, ...shared } = binding;
  const run = <Kind extends HostCommandKind>(
    kind: Kind,
    args: HostCommandArgs<Kind>,
    graceMs = 0,
  ): Promise<HostCommandResult<Kind>> =>
    runCommand(kind, args, {
      ...shared,
      commandId: nextCommandId?.(),
      timeoutMs: (timeoutMs ?? commandTimeoutMs[kind]) + graceMs,
    });
  return {
    host,
    inventory: () => run("host.inventory", {}),
    compute: {
      define: async (spec) => void (await run("compute.define", { spec })),
      start: async (guestId) => void (await run("compute.start", { guestId })),
      stop: async (guestId, graceMs) => void (await run("compute.stop", { guestId, graceMs }, graceMs)),
      reboot: async (guestId, graceMs) => void (await run("compute.reboot", { guestId, graceMs }, graceMs)),
      pause: async (guestId) => void (await run("compute.pause", { guestId })),
      unpause: async (guestId) => void (await run("compute.unpause", { guestId })),
      suspend: async (guestId) => void (await run("compute.suspend", { guestId })),
      change: async (spec) => void (await run("compute.change", { spec })),
      layers: async (guestId) => (await run("compute.layers", { guestId })).layers,
      putLayer: async (guestId, disk, file) => void (await run("compute.putLayer", { guestId, disk, file })),
      keepDisks: async (guestId, keepId) => void (await run("compute.keepDisks", { guestId, keepId })),
      restoreDisks: async (guestId, keepId) => void (await run("compute.restoreDisks", { guestId, keepId })),
      dropDisks: async (guestId, keepId) => void (await run("compute.dropDisks", { guestId, keepId })),
      consoleLog: async (guestId, mostBytes) => (await run("compute.consoleLog", { guestId, mostBytes })).text,
      strangers: async () => (await run("compute.strangers", {})).strangers,
      adopt: async (guest) => void (await run("compute.adopt", { guest })),
      disown: async (guestId) => void (await run("compute.disown", { guestId })),
      remove: async (guestId) => void (await run("compute.remove", { guestId })),
      get: async (guestId) => (await run("compute.get", { guestId })).guest ?? undefined,
      list: async () => (await run("compute.list", {})).guests,
      freezeDisk: (guestId, snapshotId) => run("compute.freezeDisk", { guestId, snapshotId }),
      releaseDisk: async (guestId, snapshotId) => void (await run("compute.releaseDisk", { guestId, snapshotId })),
    },
    images: {
      ensure: (image) => run("images.ensure", image),
      release: async (holder, keep = []) => void (await run("images.release", { holder, keep: [...keep] })),
      ingest: (source, imageId) => run("images.ingest", { source, imageId }),
      holders: async () => (await run("images.holders", {})).holders,
    },
    network: {
      async apply({ revision, baseRevision, changes }) {
        const pages = pagesOf(changes, changesAPage);
        let answer: HostCommandResult<"network.apply"> = { revision: 0, wanted: "whole" };
        for (const [index, page] of pages.entries()) {
          const args = { revision, baseRevision, changes: page, page: { index, of: pages.length } };
          answer = await run("network.apply", args);
          if (answer.wanted === "whole") break;
        }
        return answer;
      },
    },
  };
}
