import { access, mkdir, rename, rm } from "node:fs/promises";
import { bytesFromGib, CloudHostError } from "@cloudhost/core/ports";
import type { BaseDisk, GuestSpec } from "@cloudhost/core/ports";
import type { QemuImg } from "../tools/qemu-img.ts";
import { placeDisks } from "./files.ts";
import type { GuestFiles, PlacedDisk } from "./files.ts";

/**
 * Brings a stopped guest's disks to its specification: what is there stays with all that is on it, what is missing is
 * made, and what the specification has no more is deleted.
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
  await checkBoot(spec);
  await checkBase(qemuImg, spec);
  if (before !== undefined && before.base.digest !== spec.base.digest) {
    throw keepsContent(`${spec.id} has a disk over ${before.base.digest} and cannot have it over ${spec.base.digest}.`);
  }
  await mkdir(files.frozenDir, { recursive: true });
  const placed = placeDisks(spec.disks, files);
  for (const each of placed) await ensureDisk(qemuImg, spec, each);
  if (before === undefined) return;
  const kept = new Set(placed.map(({ path }) => path));
  for (const { path } of placeDisks(before.disks, files)) if (!kept.has(path)) await rm(path, { force: true });
}

async function ensureDisk(qemuImg: QemuImg, { id, base }: GuestSpec, { disk, path }: PlacedDisk): Promise<void> {
  const wantedBytes = bytesFromGib(disk.sizeGib);
  const backing = disk.kind === "system" ? base : undefined;
  if (!(await isThere(path))) {
    // Whole or not there: a name that ends so is nobody's disk.
    const making = `${path}.new`;
    await rm(making, { force: true });
    await qemuImg.create(making, wantedBytes, backing);
    await rename(making, path);
    return;
  }
  const { logicalBytes, backing: below } = await qemuImg.info(path, "qcow2");
  if (logicalBytes > wantedBytes) {
    throw keepsContent(`A disk of ${id} cannot shrink from ${logicalBytes} to ${wantedBytes} bytes.`);
  }
  if (backing !== undefined && below !== backing.path) await qemuImg.rebase(path, backing);
  if (logicalBytes < wantedBytes) await qemuImg.resize(path, wantedBytes);
}

async function checkBase(qemuImg: QemuImg, { id, base, disks }: GuestSpec): Promise<void> {
  await requireFile(base, "base image");
  const info = await qemuImg.info(base.path, base.format).catch((cause: unknown) => {
    throw corrupt(base, `it is not a ${base.format} disk image`, cause);
  });
  // A base is whole: a file that leads to another could lead anywhere on this host.
  if (info.backing !== undefined) throw corrupt(base, "it lies over another file", undefined);
  const system = disks.find(({ kind }) => kind === "system");
  if (system === undefined || bytesFromGib(system.sizeGib) < info.logicalBytes) {
    const message = `no system disk that its base of ${info.logicalBytes} bytes fits in`;
    throw new CloudHostError("INVALID_ARGUMENT", `${id} has ${message}.`, { issues: [{ path: "disks", message }] });
  }
}

async function checkBoot({ boot }: GuestSpec): Promise<void> {
  if (boot === undefined) return;
  await requireFile(boot.kernel, "kernel");
  if (boot.initrd !== undefined) await requireFile(boot.initrd, "initial file system");
}

async function requireFile({ path }: BaseDisk, resource: string): Promise<void> {
  if (await isThere(path)) return;
  throw new CloudHostError("NOT_FOUND", `There is no ${resource} at ${path}.`, { resource, id: path });
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const corrupt = (base: BaseDisk, reason: string, cause: unknown): CloudHostError =>
  new CloudHostError(
    "IMAGE_CORRUPT",
    `${base.path} cannot be a base: ${reason}.`,
    { image: base.digest, reason },
    { cause },
  );

const keepsContent = (message: string): CloudHostError =>
  new CloudHostError("CONFLICT", message, { state: "has a disk", allowed: ["removed"] });
