import { join } from "node:path";
import type { GuestDisk } from "@cloudhost/core/ports";

/** Where everything of one guest lies: nothing of it is anywhere else, so that removing the folder removes it all. */
export interface GuestFiles {
  readonly dir: string;
  /** The copy-on-write layer over the base. */
  readonly system: string;
  /** Each ephemeral disk, in the specification's order. */
  ephemeral(index: number): string;
  /** Each data disk, by its id. */
  data(diskId: string): string;
  /** The digest of the image that {@link system} lies over. */
  readonly systemBase: string;
  /** The disk that it boots from while it is rescued: a layer over the rescue image. */
  readonly rescue: string;
  /** What its OS is told at its first boot: a volume that it reads. */
  readonly seed: string;
  /** What it says on its serial console, through all its boots; libvirt's log daemon bounds it. */
  readonly console: string;
  /** What its OS writes to the port `cloudhost.boot.0`; empty after each start. */
  readonly boot: string;
  /** How much of {@link boot} was there when the OS last restarted by itself. */
  readonly bootMark: string;
  /** Frozen pictures of its system disk. */
  readonly frozenDir: string;
  frozen(snapshotId: string): string;
  /** A picture that is being made. */
  freezing(snapshotId: string): string;
  /** Disks that were kept as they were at one time, each time in a folder. */
  readonly keptDir: string;
  kept(keepId: string): string;
  /** There while kept disks come into their places: from then on all of them must. */
  readonly restoring: string;
  /** There while the guest is being made for the first time: until then all of it may go. */
  readonly defining: string;
  /** Of an adopted guest: what it was before. */
  readonly adopted: string;
  /** There while the guest is being removed: from then on all of it must go. */
  readonly removing: string;
}

export const partialSuffix = ".partial";

/** Whether a name in a guest's folder is of what its disks are: their layers, and what they lie over. */
export const isDiskFile = (name: string): boolean =>
  /^(system|ephemeral-\d+|data-dsk_[0-9a-z]+)\.qcow2$|^system-base$/.test(name);

/** The files of a guest below the folder of all guests. Ids are safe as names: `srv_` and 26 letters and digits. */
export function guestFiles(instancesDir: string, guestId: string): GuestFiles {
  const dir = join(instancesDir, guestId);
  const frozenDir = join(dir, "frozen");
  const keptDir = join(dir, "kept");
  const frozen = (snapshotId: string): string => join(frozenDir, `${snapshotId}.qcow2`);
  return {
    dir,
    system: join(dir, "system.qcow2"),
    ephemeral: (index) => join(dir, `ephemeral-${index}.qcow2`),
    data: (diskId) => join(dir, `data-${diskId}.qcow2`),
    systemBase: join(dir, "system-base"),
    rescue: join(dir, "rescue.qcow2"),
    seed: join(dir, "seed.iso"),
    console: join(dir, "console.log"),
    boot: join(dir, "boot"),
    bootMark: join(dir, "boot-mark.json"),
    frozenDir,
    frozen,
    freezing: (snapshotId) => `${frozen(snapshotId)}${partialSuffix}`,
    keptDir,
    kept: (keepId) => join(keptDir, keepId),
    restoring: join(dir, "restoring"),
    defining: join(dir, "defining"),
    adopted: join(dir, "adopted.json"),
    removing: join(dir, "removing"),
  };
}

/** A disk of a specification and the file that it is in. */
export interface PlacedDisk {
  readonly disk: GuestDisk;
  readonly path: string;
}

/**
 * The disks as the guest has them: the system disk first, whatever the specification's order, and data disks last, so
 * that the others keep their names when they come and go.
 */
export function placeDisks(disks: readonly GuestDisk[], files: GuestFiles): PlacedDisk[] {
  const ephemeral = disks.filter(({ kind }) => kind === "ephemeral");
  const fileOf = (disk: GuestDisk): string => {
    if (disk.kind === "system") return files.system;
    return disk.kind === "ephemeral" ? files.ephemeral(ephemeral.indexOf(disk)) : files.data(disk.id);
  };
  return kinds.flatMap((kind) =>
    disks.filter((disk) => disk.kind === kind).map((disk) => ({ disk, path: fileOf(disk) })),
  );
}

const kinds = ["system", "ephemeral", "data"] as const;

/** Those of them that the guest has in it. */
export const attachedDisks = (disks: readonly GuestDisk[], files: GuestFiles): PlacedDisk[] =>
  placeDisks(disks, files).filter(({ disk }) => disk.kind !== "data" || disk.detached === undefined);
