import { mkdir, open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { bytesFromGib, CloudHostError } from "@cloudhost/core/ports";
import type { DiskSource } from "@cloudhost/core/ports";
import type { FakeGuest } from "../world/guest.ts";
import { DiskLayout } from "./layout.ts";
import { copyData } from "./sparse.ts";
import { blockBytes, blockWrites } from "./writes.ts";

/**
 * The disks of a host's guests, as sparse files. A system disk is an overlay that holds only what the guest wrote; a
 * picture is base and overlay in one raw file. Every method may be repeated.
 */
export class GuestDisks {
  readonly layout: DiskLayout;

  constructor(dir: string) {
    this.layout = new DiskLayout(dir);
  }

  /** Makes the guest's disks, or lets them grow to their size. */
  async ensure(guest: FakeGuest): Promise<void> {
    await mkdir(this.layout.guestDir(guest.spec.id), { recursive: true });
    await grow(this.layout.overlay(guest), systemBytes(guest));
    for (const { path, sizeGib } of this.layout.ephemerals(guest)) await grow(path, bytesFromGib(sizeGib));
    await this.#removeOldOverlays(guest);
  }

  /** Brings the overlay to what the guest has written so far. */
  async write(guest: FakeGuest, writes: number): Promise<void> {
    await using overlay = await open(this.layout.overlay(guest), "r+");
    for (const { offset, bytes } of blockWrites(guest, writes)) await overlay.write(bytes, 0, blockBytes, offset);
  }

  /** Writes a picture of the system disk, which holds what {@link write} was told; on the disk when it resolves. */
  async takePicture(guest: FakeGuest, snapshotId: string, writes: number, signal: AbortSignal): Promise<void> {
    await using picture = await open(this.layout.picture(guest.spec.id, snapshotId), "w");
    await picture.truncate(systemBytes(guest));
    await using base = await open(guest.spec.base.path, "r");
    await copyData(base, picture, signal);
    await using overlay = await open(this.layout.overlay(guest), "r");
    for (const { offset } of blockWrites(guest, writes)) await copyBlock(overlay, picture, offset);
    await picture.sync();
  }

  /** How to read a picture: one file, and no other. */
  source(guestId: string, snapshotId: string): DiskSource {
    const path = this.layout.picture(guestId, snapshotId);
    return { path, format: "raw", chain: [path] };
  }

  async removePicture(guestId: string, snapshotId: string): Promise<void> {
    await rm(this.layout.picture(guestId, snapshotId), { force: true });
  }

  /** Removes everything of a guest. */
  async remove(guestId: string): Promise<void> {
    await rm(this.layout.guestDir(guestId), { recursive: true, force: true });
  }

  /** Makes what these guests lack and removes what belongs to none of them. */
  async reconcile(guests: readonly FakeGuest[]): Promise<void> {
    const wanted = new Set(guests.flatMap((guest) => this.layout.filesOf(guest)));
    const known = new Set(guests.map(({ spec }) => spec.id));
    for (const { path, guestId } of await this.layout.found()) {
      if (!known.has(guestId)) await this.remove(guestId);
      else if (!wanted.has(path)) await rm(path, { force: true });
    }
    for (const guest of guests) await this.ensure(guest);
  }

  async #removeOldOverlays(guest: FakeGuest): Promise<void> {
    for (let generation = 0; generation < guest.diskGeneration; generation += 1) {
      await rm(this.layout.overlay({ ...guest, diskGeneration: generation }), { force: true });
    }
  }
}

/**
 * The logical size of a base that the fake can read.
 * @throws CloudHostError `NOT_FOUND` when it is not there, `UNSUPPORTED` when it is no raw file, `INVALID_ARGUMENT`
 * when it is larger than the disk
 */
export async function baseSize({ base, disks }: FakeGuest["spec"]): Promise<number> {
  if (base.format !== "raw") {
    const feature = `a base in the format ${base.format}`;
    throw new CloudHostError("UNSUPPORTED", `A fake host reads raw bases only, not ${feature}.`, {
      feature,
      by: "fake",
    });
  }
  const { size } = await statBase(base.path);
  const system = disks.findIndex(({ kind }) => kind === "system");
  if (size <= bytesFromGib(disks[system]?.sizeGib ?? 0)) return size;
  const issue = { path: `disks.${Math.max(0, system)}.sizeGib`, message: `smaller than the base of ${size} bytes` };
  throw new CloudHostError("INVALID_ARGUMENT", "The system disk is smaller than its base.", { issues: [issue] });
}

async function statBase(path: string): Promise<{ readonly size: number }> {
  try {
    await using file = await open(path, "r");
    return await file.stat();
  } catch (cause) {
    const details = { resource: "base image", id: path };
    throw new CloudHostError("NOT_FOUND", `The base ${path} cannot be read.`, details, { cause });
  }
}

const systemBytes = ({ spec }: FakeGuest): number =>
  bytesFromGib(spec.disks.find(({ kind }) => kind === "system")?.sizeGib ?? 0);

/** Makes the file at least so large, without taking room for it; a disk never shrinks. */
async function grow(path: string, bytes: number): Promise<void> {
  await using file = await open(path, "a");
  const { size } = await file.stat();
  if (size < bytes) await file.truncate(bytes);
}

async function copyBlock(from: FileHandle, to: FileHandle, offset: number): Promise<void> {
  const { buffer } = await from.read(Buffer.alloc(blockBytes), 0, blockBytes, offset);
  await to.write(buffer, 0, blockBytes, offset);
}
