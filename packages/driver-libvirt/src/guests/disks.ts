import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { bytesFromGib, CloudHostError } from "@cloudhost/core/ports";
import type { BaseDisk, DirectBoot, GuestSpec } from "@cloudhost/core/ports";
import type { QemuImg } from "../tools/qemu-img.ts";
import { placeDisks } from "./files.ts";
import type { GuestFiles, PlacedDisk } from "./files.ts";
import { ensureSeed } from "./seed.ts";
import { giveName, isThere } from "./whole-files.ts";

/**
 * Brings a stopped guest's disks to its specification: what is there stays with all that is on it, what is missing is
 * made, and what the specification has no more is deleted. Another base is another system disk.
 *
 * @param before what they were made for, when they are there already
 * @throws CloudHostError `NOT_FOUND` for a base that is not there, `IMAGE_CORRUPT` for one that is none, `CONFLICT`
 * when a disk would lose what is on it
 */
export async function ensureDisks(
  qemuImg: QemuImg,
  spec: GuestSpec,
  files: GuestFiles,
  before?: GuestSpec,
): Promise<void> {
  await checkImages(qemuImg, spec);
  await mkdir(files.frozenDir, { recursive: true });
  await leaveOtherBase(spec, files, before);
  await ensureRescueDisk(qemuImg, spec, files, before);
  await ensureSeed(spec, files);
  const placed = placeDisks(spec.disks, files);
  for (const each of placed) await ensureDisk(qemuImg, spec, each);
  if (before === undefined) return;
  const kept = new Set(placed.map(({ path }) => path));
  for (const { path } of placeDisks(before.disks, files)) if (!kept.has(path)) await rm(path, { force: true });
}

/** Notes what the system disk lies over, where that was not noted yet. */
export async function noteBase(files: GuestFiles, { base }: GuestSpec): Promise<void> {
  if (!(await isThere(files.systemBase))) await writeWhole(files.systemBase, base.digest);
}

/**
 * Throws the system disk away when it lies over another base. What it lies over is noted beside it, and kept and
 * restored with it: the specification may be of another time.
 */
async function leaveOtherBase(spec: GuestSpec, files: GuestFiles, before: GuestSpec | undefined): Promise<void> {
  if (before !== undefined) await noteBase(files, before);
  const over = await readFile(files.systemBase, "utf8").catch(() => undefined);
  if (over === spec.base.digest) return;
  await rm(files.system, { force: true });
  await writeWhole(files.systemBase, spec.base.digest);
}

async function ensureRescueDisk(
  qemuImg: QemuImg,
  { rescue }: GuestSpec,
  files: GuestFiles,
  before: GuestSpec | undefined,
): Promise<void> {
  if (rescue?.base.digest !== before?.rescue?.base.digest) await rm(files.rescue, { force: true });
  if (rescue === undefined || (await isThere(files.rescue))) return;
  const { logicalBytes } = await qemuImg.info(rescue.base.path, rescue.base.format);
  await createDisk(qemuImg, files.rescue, logicalBytes, rescue.base);
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await giveName(`${path}.new`, path);
}

/** Whole or not there: a name that ends so is nobody's disk. */
async function createDisk(qemuImg: QemuImg, path: string, logicalBytes: number, backing?: BaseDisk): Promise<void> {
  const making = `${path}.new`;
  await rm(making, { force: true });
  await qemuImg.create(making, logicalBytes, backing);
  await rename(making, path);
}

/** Brings the file of one disk, that nothing has open, to its size. */
export async function ensureDisk(qemuImg: QemuImg, { id, base }: GuestSpec, { disk, path }: PlacedDisk): Promise<void> {
  const wantedBytes = bytesFromGib(disk.sizeGib);
  const backing = disk.kind === "system" ? base : undefined;
  if (!(await isThere(path))) return createDisk(qemuImg, path, wantedBytes, backing);
  const { logicalBytes, backing: below } = await qemuImg.info(path, "qcow2");
  if (logicalBytes > wantedBytes) {
    throw keepsContent(`A disk of ${id} cannot shrink from ${logicalBytes} to ${wantedBytes} bytes.`);
  }
  if (backing !== undefined && below !== backing.path) await qemuImg.rebase(path, backing);
  if (logicalBytes < wantedBytes) await qemuImg.resize(path, wantedBytes);
}

async function checkImages(qemuImg: QemuImg, { id, base, disks, boot, rescue }: GuestSpec): Promise<void> {
  await checkBoot(boot);
  await checkBoot(rescue?.boot);
  if (rescue !== undefined) await checkBase(qemuImg, rescue.base);
  const { logicalBytes } = await checkBase(qemuImg, base);
  const system = disks.find(({ kind }) => kind === "system");
  if (system === undefined || bytesFromGib(system.sizeGib) < logicalBytes) {
    const message = `no system disk that its base of ${logicalBytes} bytes fits in`;
    throw new CloudHostError("INVALID_ARGUMENT", `${id} has ${message}.`, { issues: [{ path: "disks", message }] });
  }
}

async function checkBase(qemuImg: QemuImg, base: BaseDisk): Promise<{ readonly logicalBytes: number }> {
  await requireFile(base, "base image");
  const info = await qemuImg.info(base.path, base.format).catch((cause: unknown) => {
    throw corrupt(base, `it is not a ${base.format} disk image`, cause);
  });
  // A base is whole: a file that leads to another could lead anywhere on this host.
  if (info.backing !== undefined) throw corrupt(base, "it lies over another file", undefined);
  return info;
}

async function checkBoot(boot: DirectBoot | undefined): Promise<void> {
  if (boot === undefined) return;
  await requireFile(boot.kernel, "kernel");
  if (boot.initrd !== undefined) await requireFile(boot.initrd, "initial file system");
}

async function requireFile({ path }: BaseDisk, resource: string): Promise<void> {
  if (await isThere(path)) return;
  throw new CloudHostError("NOT_FOUND", `There is no ${resource} at ${path}.`, { resource, id: path });
}

const corrupt = (base: BaseDisk, reason: string, cause: unknown): CloudHostError =>
  new CloudHostError(
    "IMAGE_CORRUPT",
    `${base.path} cannot be a base: ${reason}.`,
    { image: base.digest, reason },
    { cause },
  );

const keepsContent = (message: string): CloudHostError =>
  new CloudHostError("CONFLICT", message, { state: "has a disk", allowed: ["removed"] });
