import { mkdir, open, rm, stat } from "node:fs/promises";
import { bytesFromGib, CloudHostError, diskKey } from "@cloudhost/core/ports";
import type { BaseDisk, DiskKey, DiskSource, GuestSpec } from "@cloudhost/core/ports";
import type { FakeGuest } from "../world/guest.ts";
import { DiskLayout } from "./layout.ts";
import { copyData, copyPlaces } from "./sparse.ts";
import { blockBytes, blockWrites, diskBytes, placesOf } from "./writes.ts";
import type { Writer } from "./writes.ts";

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
    const { spec, rescueBytes } = guest;
    await mkdir(this.layout.guestDir(spec.id), { recursive: true });
    for (const disk of spec.disks) await grow(this.layout.layer(guest, diskKey(disk)), bytesFromGib(disk.sizeGib));
    if (rescueBytes !== null) await grow(this.layout.rescue(spec), rescueBytes);
  }

  /** Removes what the guest has no more: earlier layers, disks that were taken away, what was cut off. */
  async tidy(guest: FakeGuest): Promise<void> {
    const wanted = new Set(this.layout.filesOf(guest));
    for (const { path } of await this.layout.found(guest.spec.id)) {
      if (!wanted.has(path)) await rm(path, { force: true });
    }
  }

  /** Brings the disk that the guest boots from to what it has written so far. */
  async write(guest: FakeGuest, writes: number): Promise<void> {
    const { rescueBytes, spec } = guest;
    const path = rescueBytes === null ? this.layout.layer(guest, "system") : this.layout.rescue(spec);
    await using disk = await open(path, "r+");
    const writer = { ...guest, baseBytes: rescueBytes ?? guest.baseBytes };
    for (const { offset, bytes } of blockWrites(writer, writes)) await disk.write(bytes, 0, blockBytes, offset);
  }

  /** Writes a picture of the system disk, which holds what {@link write} was told; on the disk when it resolves. */
  async takePicture(guest: FakeGuest, snapshotId: string, signal: AbortSignal): Promise<void> {
    await using picture = await open(this.layout.picture(guest.spec.id, snapshotId), "w");
    await picture.truncate(diskBytes(guest.spec, "system"));
    await using base = await open(guest.spec.base.path, "r");
    await copyData(base, picture, signal);
    await using overlay = await open(this.layout.layer(guest, "system"), "r");
    await copyPlaces(overlay, picture, placesOf(guest, "system"));
    await picture.sync();
  }

  /** Copies a layer of a disk to a file of this size, on the disk when it resolves. */
  async copyLayer(guest: Writer, disk: DiskKey, from: string, to: string, bytes: number): Promise<void> {
    await using source = await open(from, "r");
    await using target = await open(to, "w");
    await target.truncate(bytes);
    await copyPlaces(source, target, placesOf(guest, disk));
    await target.sync();
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
}

/**
 * The logical size of a guest's base that the fake can read.
 * @throws CloudHostError `INVALID_ARGUMENT` when it is larger than the disk, and as {@link rawSize}
 */
export async function baseSize({ base, disks }: GuestSpec): Promise<number> {
  const size = await rawSize(base);
  const system = disks.findIndex(({ kind }) => kind === "system");
  if (size <= bytesFromGib(disks[system]?.sizeGib ?? 0)) return size;
  const issue = { path: `disks.${Math.max(0, system)}.sizeGib`, message: `smaller than the base of ${size} bytes` };
  throw new CloudHostError("INVALID_ARGUMENT", "The system disk is smaller than its base.", { issues: [issue] });
}

/**
 * The logical size of an image.
 * @throws CloudHostError `NOT_FOUND` when it is not there, `UNSUPPORTED` when it is no raw file
 */
export async function rawSize({ path, format }: BaseDisk): Promise<number> {
  if (format === "raw") return (await statBase(path)).size;
  const feature = `a base in the format ${format}`;
  throw new CloudHostError("UNSUPPORTED", `A fake host reads raw bases only, not ${feature}.`, { feature, by: "fake" });
}

async function statBase(path: string): Promise<{ readonly size: number }> {
  try {
    return await stat(path);
  } catch (cause) {
    const details = { resource: "base image", id: path };
    throw new CloudHostError("NOT_FOUND", `The base ${path} cannot be read.`, details, { cause });
  }
}

/** Makes the file at least so large, without taking room for it; a disk never shrinks. */
async function grow(path: string, bytes: number): Promise<void> {
  await using file = await open(path, "a");
  const { size } = await file.stat();
  if (size < bytes) await file.truncate(bytes);
}
