import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { diskKey } from "@cloudhost/core/ports";
import type { DiskKey, GuestSpec } from "@cloudhost/core/ports";
import type { FakeGuest } from "../world/guest.ts";

/** A file of a guest on the fake host. */
export interface GuestFile {
  /** Absolute. */
  readonly path: string;
  readonly guestId: string;
  /** A layer of its system disk (`overlay`) or of another one, the disk that rescues it, a picture, a kept disk. */
  readonly kind: "overlay" | "ephemeral" | "data" | "rescue" | "picture" | "kept" | "other";
  /** Of a picture. */
  readonly snapshotId?: string;
  /** Of a kept disk. */
  readonly keepId?: string;
}

/**
 * Where a host keeps its guests' disks: `GUEST/overlay-0`, `GUEST/ephemeral-0`, `GUEST/DISK-0`, `GUEST/rescue-IMAGE`,
 * `GUEST/picture-SNAPSHOT.raw`, `GUEST/kept-KEEP-DISK`. The number is the layer's.
 */
export class DiskLayout {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  guestDir(guestId: string): string {
    return join(this.dir, guestId);
  }

  /** A disk's present layer. */
  layer({ spec, layers }: FakeGuest, disk: DiskKey): string {
    return this.#layer(spec.id, disk, layers[disk] ?? 0);
  }

  /** The layer that comes after the present one. */
  nextLayer({ spec, layers }: FakeGuest, disk: DiskKey): string {
    return this.#layer(spec.id, disk, (layers[disk] ?? 0) + 1);
  }

  /** The throw-away disk of a guest that is rescued: another image has another. */
  rescue({ id, rescue }: GuestSpec): string {
    return join(this.guestDir(id), `rescue-${rescue?.base.digest.slice(-12)}`);
  }

  picture(guestId: string, snapshotId: string): string {
    return join(this.guestDir(guestId), `picture-${snapshotId}.raw`);
  }

  kept(guestId: string, keepId: string, disk: DiskKey): string {
    return join(this.guestDir(guestId), `kept-${keepId}-${disk}`);
  }

  /** The files that the host should have for this guest. */
  filesOf(guest: FakeGuest): string[] {
    const { spec, pictures, kept } = guest;
    return [
      ...spec.disks.map((disk) => this.layer(guest, diskKey(disk))),
      ...(spec.rescue === undefined ? [] : [this.rescue(spec)]),
      ...Object.keys(pictures).map((snapshotId) => this.picture(spec.id, snapshotId)),
      ...Object.entries(kept).flatMap(([keepId, { disks }]) =>
        disks.map((disk) => this.kept(spec.id, keepId, diskKey(disk))),
      ),
    ];
  }

  /** The files that are there, whoever put them: of every guest, or of one. */
  async found(guestId?: string): Promise<GuestFile[]> {
    let entries;
    try {
      const dir = guestId === undefined ? this.dir : this.guestDir(guestId);
      entries = await readdir(dir, { recursive: true, withFileTypes: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => this.#fileAt(join(entry.parentPath, entry.name)));
  }

  #layer(guestId: string, disk: DiskKey, number: number): string {
    return join(this.guestDir(guestId), `${disk === "system" ? "overlay" : disk}-${number}`);
  }

  #fileAt(path: string): GuestFile {
    const [guestId = "", name = ""] = relative(this.dir, path).split(sep);
    const snapshotId = /^picture-(.+)\.raw$/.exec(name)?.[1];
    if (snapshotId !== undefined) return { path, guestId, kind: "picture", snapshotId };
    const keepId = /^kept-([^-]+)-./.exec(name)?.[1];
    if (keepId !== undefined) return { path, guestId, kind: "kept", keepId };
    if (/^dsk_\w+-\d+$/.test(name)) return { path, guestId, kind: "data" };
    const kind = /^(overlay|ephemeral)-\d+$|^(rescue)-\w+$/.exec(name)?.slice(1).find(Boolean);
    return { path, guestId, kind: (kind as "overlay" | "ephemeral" | "rescue" | undefined) ?? "other" };
  }
}
