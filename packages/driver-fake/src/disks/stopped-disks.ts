import { open, rm, stat } from "node:fs/promises";
import { bytesFromGib, CloudHostError, diskKey } from "@cloudhost/core/ports";
import type { BaseDisk, DiskKey, DiskLayer, GuestDisk } from "@cloudhost/core/ports";
import { refuseAdopted } from "../world/adoption.ts";
import type { FakeGuest } from "../world/guest.ts";
import type { HostWorld } from "../world/host-world.ts";
import type { GuestDisks } from "./guest-disks.ts";
import { blockBytes, diskBytes, textOffset, writesOf } from "./writes.ts";

/** A disk as somebody sees it who looks past the driver. */
export interface FakeDiskView {
  /** Its size as the guest sees it. */
  readonly sizeBytes: number;
  /** What was last written to it as a text; empty before. */
  readonly text: string;
}

/**
 * What is done to a guest's disks while it is stopped. New files are made beside the present ones, and the record in
 * the journal puts them in their place: what was cut off before it is nobody's, and goes when the host recovers.
 */
export class StoppedDisks {
  readonly #world: HostWorld;

  constructor(world: HostWorld) {
    this.#world = world;
  }

  /** @throws CloudHostError `CONFLICT` unless it is stopped */
  async layers(guestId: string): Promise<DiskLayer[]> {
    const guest = await this.#own(guestId);
    const layers = guest.spec.disks.map(async (each): Promise<DiskLayer> => {
      const disk = diskKey(each);
      const path = this.#disks.layout.layer(guest, disk);
      return { disk, path, sizeBytes: (await stat(path)).size };
    });
    return Promise.all(layers);
  }

  /**
   * Puts another host's layer in the place of a disk's.
   * @throws CloudHostError `CONFLICT` unless it is stopped, `NOT_FOUND` for a disk that it does not have,
   * `IMAGE_CORRUPT` for a file that cannot be its layer
   */
  async putLayer(guestId: string, disk: DiskKey, file: BaseDisk): Promise<void> {
    const guest = await this.#own(guestId);
    const bytes = diskBytes(guest.spec, disk);
    if (bytes === 0) {
      throw new CloudHostError("NOT_FOUND", `${guestId} has no disk ${disk}.`, { resource: "disk", id: disk });
    }
    await requireLayer(file, bytes);
    await this.#disks.copyLayer(guest, disk, file.path, this.#disks.layout.nextLayer(guest, disk), bytes);
    await this.#world.commit({ kind: "layered", guestId, disk });
    await this.#disks.tidy(this.#stopped(guestId));
  }

  async keep(guestId: string, keepId: string): Promise<void> {
    const guest = await this.#own(guestId);
    if (guest.kept[keepId] !== undefined) return;
    try {
      for (const each of guest.spec.disks) {
        const disk = diskKey(each);
        const { layout } = this.#disks;
        const kept = layout.kept(guestId, keepId, disk);
        await this.#disks.copyLayer(guest, disk, layout.layer(guest, disk), kept, bytesFromGib(each.sizeGib));
      }
    } catch (error) {
      await this.#removeKept(guestId, keepId, guest.spec.disks);
      throw error;
    }
    await this.#world.commit({ kind: "kept", guestId, keepId });
  }

  /** @throws CloudHostError `CONFLICT` unless it is stopped, `NOT_FOUND` when nothing is kept under the id */
  async restore(guestId: string, keepId: string): Promise<void> {
    const guest = this.#stopped(guestId);
    const kept = guest.kept[keepId];
    if (kept === undefined) {
      const details = { resource: "kept disks", id: keepId };
      throw new CloudHostError("NOT_FOUND", `Nothing of ${guestId} is kept as ${keepId}.`, details);
    }
    const { layout } = this.#disks;
    for (const each of kept.disks) {
      const disk = diskKey(each);
      const from = layout.kept(guestId, keepId, disk);
      const writer = { ...guest, baseBytes: kept.baseBytes };
      await this.#disks.copyLayer(writer, disk, from, layout.nextLayer(guest, disk), bytesFromGib(each.sizeGib));
    }
    await this.#world.commit({ kind: "restored", guestId, keepId });
    await this.#disks.tidy(this.#stopped(guestId));
  }

  async drop(guestId: string, keepId: string): Promise<void> {
    const kept = this.#world.state.guests.get(guestId)?.kept[keepId];
    if (kept === undefined) return;
    await this.#world.commit({ kind: "dropped", guestId, keepId });
    await this.#removeKept(guestId, keepId, kept.disks);
  }

  /**
   * Writes a text of at most 4,096 bytes to a disk, as the guest's OS might have.
   * @throws CloudHostError `CONFLICT` unless it is stopped
   */
  async write(guestId: string, disk: DiskKey, text: string): Promise<void> {
    const guest = await this.#settled(guestId);
    await using file = await open(this.#disks.layout.layer(guest, disk), "r+");
    const block = Buffer.alloc(blockBytes);
    block.write(text);
    await file.write(block, 0, blockBytes, textOffset(guest, disk));
  }

  /** Its disks, running or not. */
  async look(guest: FakeGuest): Promise<ReadonlyMap<DiskKey, FakeDiskView>> {
    await this.#disks.ensure(guest);
    const views = guest.spec.disks.map(async (each): Promise<[DiskKey, FakeDiskView]> => {
      const disk = diskKey(each);
      await using file = await open(this.#disks.layout.layer(guest, disk), "r");
      const { buffer } = await file.read(Buffer.alloc(blockBytes), 0, blockBytes, textOffset(guest, disk));
      const text = buffer.subarray(0, buffer.indexOf(0) === -1 ? blockBytes : buffer.indexOf(0)).toString();
      return [disk, { sizeBytes: (await file.stat()).size, text }];
    });
    return new Map(await Promise.all(views));
  }

  get #disks(): GuestDisks {
    return this.#world.disks;
  }

  /** As {@link StoppedDisks.#settled}, for a guest that the driver itself has made. */
  async #own(guestId: string): Promise<FakeGuest> {
    refuseAdopted(this.#world.state.guests.get(guestId), "a change of the disks");
    return this.#settled(guestId);
  }

  /** The guest, its disks there and as it has written them. */
  async #settled(guestId: string): Promise<FakeGuest> {
    const guest = this.#stopped(guestId);
    await this.#disks.ensure(guest);
    await this.#disks.write(guest, writesOf(guest, guest.use.ranMs));
    return guest;
  }

  #stopped(guestId: string): FakeGuest {
    const guest = this.#world.state.guests.get(guestId);
    if (guest === undefined) {
      throw new CloudHostError("GUEST_NOT_FOUND", `The host has no guest ${guestId}.`, { guestId });
    }
    if (guest.power === "stopped") return guest;
    const details = { state: guest.power, allowed: ["stopped"] };
    throw new CloudHostError("CONFLICT", `${guestId} is ${guest.power}: its disks are its own.`, details);
  }

  async #removeKept(guestId: string, keepId: string, disks: readonly GuestDisk[]): Promise<void> {
    for (const disk of disks) await rm(this.#disks.layout.kept(guestId, keepId, diskKey(disk)), { force: true });
  }
}

/** A layer is as long as its disk, or as the disk was before it grew; no other file is. */
async function requireLayer({ path, digest }: BaseDisk, diskSize: number): Promise<void> {
  let size;
  try {
    ({ size } = await stat(path));
  } catch (cause) {
    throw new CloudHostError(
      "NOT_FOUND",
      `The layer ${path} cannot be read.`,
      { resource: "layer", id: path },
      { cause },
    );
  }
  if (size > 0 && size <= diskSize && size % bytesFromGib(1) === 0) return;
  const reason = `${size} bytes are not the length of a layer of a disk of ${diskSize} bytes`;
  throw new CloudHostError("IMAGE_CORRUPT", `The file ${path} is no layer of this disk.`, { reason, image: digest });
}
