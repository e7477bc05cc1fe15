import { join } from "node:path";
import type { GuestDisk } from "@cloudhost/core/ports";

/** Where everything of one guest lies: nothing of it is anywhere else, so that removing the folder removes it all. */
export interface GuestFiles {
  readonly dir: string;
  /** The copy-on-write layer over the base. */
  readonly system: string;
  /** Each ephemeral disk, in the specification's order. */
  ephemeral(index: number): string;
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
  /** There while the guest is being made for the first time: until then all of it may go. */
  readonly defining: string;
  /** There while the guest is being removed: from then on all of it must go. */
  readonly removing: string;
}

export const partialSuffix = ".partial";

/** The files of a guest below the folder of all guests. Ids are safe as names: `srv_` and 26 letters and digits. */
export function guestFiles(instancesDir: string, guestId: string): GuestFiles {
  const dir = join(instancesDir, guestId);
  const frozenDir = join(dir, "frozen");
  const frozen = (snapshotId: string): string => join(frozenDir, `${snapshotId}.qcow2`);
  return {
    dir,
    system: join(dir, "system.qcow2"),
    ephemeral: (index) => join(dir, `ephemeral-${index}.qcow2`),
    console: join(dir, "console.log"),
    boot: join(dir, "boot"),
    bootMark: join(dir, "boot-mark.json"),
    frozenDir,
    frozen,
    freezing: (snapshotId) => `${frozen(snapshotId)}${partialSuffix}`,
    defining: join(dir, "defining"),
    removing: join(dir, "removing"),
  };
}

/** A disk of a specification and the file that it is in. */
export interface PlacedDisk {
  readonly disk: GuestDisk;
  readonly path: string;
}

/** The disks as the guest has them: the system disk first, whatever the specification's order. */
export function placeDisks(disks: readonly GuestDisk[], files: GuestFiles): PlacedDisk[] {
  const system = disks.filter(({ kind }) => kind === "system").map((disk) => ({ disk, path: files.system }));
  const ephemeral = disks
    .filter(({ kind }) => kind === "ephemeral")
    .map((disk, index) => ({ disk, path: files.ephemeral(index) }));
  return [...system, ...ephemeral];
}
