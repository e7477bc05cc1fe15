import { z } from "zod";
import { idOf } from "../ids.ts";
import { DiskLayer } from "./compute-extensions.ts";
import { AdoptGuest, StrangerGuest } from "./guest-adopter.ts";
import { BaseDisk, DiskKey, DiskSource, GuestSpec, GuestState } from "./guest.ts";
import { HostInventory } from "./host.ts";
import { EnsureImage, SealedImage } from "./host-images.ts";
import { NetworkChange } from "./network-driver.ts";

const guest = z.strictObject({ guestId: idOf("srv") });
const snapshot = z.strictObject({ guestId: idOf("srv"), snapshotId: idOf("snp") });
const kept = z.strictObject({ guestId: idOf("srv"), keepId: idOf("snp") });
const graceMs = z.int().min(0);
const nothing = z.strictObject({});

/** What `network.apply` answers: `wanted` asks for the whole, because the agent lacks the base. */
const NetworkApplied = z.strictObject({ revision: z.int().min(0), wanted: z.enum(["nothing", "whole"]) });

/**
 * Everything a host can be told: arguments, result, and whether it changes something (then it is journalled by the
 * agent before it is done, repeats are answered from there, and older epochs are refused).
 */
export const hostCommands = {
  "host.inventory": { args: nothing, result: HostInventory, changes: false },
  "compute.define": { args: z.strictObject({ spec: GuestSpec }), result: nothing, changes: true },
  "compute.start": { args: guest, result: nothing, changes: true },
  "compute.stop": { args: guest.extend({ graceMs }), result: nothing, changes: true },
  "compute.reboot": { args: guest.extend({ graceMs }), result: nothing, changes: true },
  "compute.pause": { args: guest, result: nothing, changes: true },
  "compute.unpause": { args: guest, result: nothing, changes: true },
  "compute.suspend": { args: guest, result: nothing, changes: true },
  "compute.change": { args: z.strictObject({ spec: GuestSpec }), result: nothing, changes: true },
  "compute.layers": { args: guest, result: z.strictObject({ layers: z.array(DiskLayer) }), changes: false },
  "compute.putLayer": { args: guest.extend({ disk: DiskKey, file: BaseDisk }), result: nothing, changes: true },
  "compute.keepDisks": { args: kept, result: nothing, changes: true },
  "compute.restoreDisks": { args: kept, result: nothing, changes: true },
  "compute.dropDisks": { args: kept, result: nothing, changes: true },
  "compute.consoleLog": {
    args: guest.extend({
      mostBytes: z
        .int()
        .min(1)
        .max(2 ** 20),
    }),
    result: z.strictObject({ text: z.string() }),
    changes: false,
  },
  "compute.strangers": { args: nothing, result: z.strictObject({ strangers: z.array(StrangerGuest) }), changes: false },
  "compute.adopt": { args: z.strictObject({ guest: AdoptGuest }), result: nothing, changes: true },
  "compute.disown": { args: guest, result: nothing, changes: true },
  "compute.remove": { args: guest, result: nothing, changes: true },
  "compute.get": { args: guest, result: z.strictObject({ guest: GuestState.nullable() }), changes: false },
  "compute.list": { args: nothing, result: z.strictObject({ guests: z.array(GuestState) }), changes: false },
  "compute.freezeDisk": { args: snapshot, result: DiskSource, changes: true },
  "compute.releaseDisk": { args: snapshot, result: nothing, changes: true },
  "images.ensure": { args: EnsureImage, result: BaseDisk, changes: true },
  "images.release": {
    args: z.strictObject({ holder: idOf("srv"), keep: z.array(z.string()).default([]) }),
    result: nothing,
    changes: true,
  },
  "images.holders": { args: nothing, result: z.strictObject({ holders: z.array(z.string()) }), changes: false },
  "images.ingest": {
    args: z.strictObject({ source: DiskSource, imageId: idOf("img") }),
    result: SealedImage,
    changes: true,
  },
  "network.apply": {
    args: z.strictObject({
      revision: z.int().min(0),
      /** Of what the changes lead away from; 0 is the empty network, and the changes are then the whole. */
      baseRevision: z.int().min(0),
      changes: z.array(NetworkChange),
      /** Pages of one update come in order under one command each; the last one applies. */
      page: z.strictObject({ index: z.int().min(0), of: z.int().min(1) }),
    }),
    result: NetworkApplied,
    changes: true,
  },
} as const satisfies Record<string, { args: z.ZodType; result: z.ZodType; changes: boolean }>;

/** A kind of command: a key of {@link hostCommands}. */
export type HostCommandKind = keyof typeof hostCommands;

/** The arguments of a kind of command. */
export type HostCommandArgs<Kind extends HostCommandKind> = z.input<(typeof hostCommands)[Kind]["args"]>;

/** What a kind of command answers. */
export type HostCommandResult<Kind extends HostCommandKind> = z.output<(typeof hostCommands)[Kind]["result"]>;
