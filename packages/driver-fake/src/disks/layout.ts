import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { FakeGuest } from "../world/guest.ts";

/** A file of a guest on the fake host. */
export interface GuestFile {
  /** Absolute. */
  readonly path: string;
  readonly guestId: string;
  readonly kind: "overlay" | "ephemeral" | "picture" | "other";
  /** Of a picture. */
  readonly snapshotId?: string;
}

/** Where a host keeps its guests' disks: `GUEST/overlay-0`, `GUEST/ephemeral-1`, `GUEST/picture-SNAPSHOT.raw`. */
export class DiskLayout {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  guestDir(guestId: string): string {
    return join(this.dir, guestId);
  }

  overlay({ spec, diskGeneration }: FakeGuest): string {
    return join(this.guestDir(spec.id), `overlay-${diskGeneration}`);
  }

  ephemerals({ spec }: FakeGuest): { readonly path: string; readonly sizeGib: number }[] {
    return spec.disks.flatMap(({ kind, sizeGib }, index) =>
      kind === "ephemeral" ? [{ path: join(this.guestDir(spec.id), `ephemeral-${index}`), sizeGib }] : [],
    );
  }

  picture(guestId: string, snapshotId: string): string {
    return join(this.guestDir(guestId), `picture-${snapshotId}.raw`);
  }

  /** The files that the host should have for this guest. */
  filesOf(guest: FakeGuest): string[] {
    return [
      this.overlay(guest),
      ...this.ephemerals(guest).map(({ path }) => path),
      ...Object.keys(guest.pictures).map((snapshotId) => this.picture(guest.spec.id, snapshotId)),
    ];
  }

  /** The files that are there, whoever put them. */
  async found(): Promise<GuestFile[]> {
    let entries;
    try {
      entries = await readdir(this.dir, { recursive: true, withFileTypes: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => this.#fileAt(join(entry.parentPath, entry.name)));
  }

  #fileAt(path: string): GuestFile {
    const [guestId = "", name = ""] = relative(this.dir, path).split(sep);
    const snapshotId = /^picture-(.+)\.raw$/.exec(name)?.[1];
    if (snapshotId !== undefined) return { path, guestId, kind: "picture", snapshotId };
    const kind = /^(overlay|ephemeral)-\d+$/.exec(name)?.[1] as "overlay" | "ephemeral" | undefined;
    return { path, guestId, kind: kind ?? "other" };
  }
}
