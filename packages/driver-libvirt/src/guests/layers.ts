import { constants } from "node:fs";
import { copyFile, rm, stat } from "node:fs/promises";
import { bytesFromGib, CloudHostError, diskKey } from "@cloudhost/core/ports";
import type { BaseDisk, DiskKey, DiskLayer, GuestSpec } from "@cloudhost/core/ports";
import { throwIfCancelled } from "../errors.ts";
import type { QemuImg } from "../tools/qemu-img.ts";
import { readQcow2Header } from "../tools/qcow2-header.ts";
import { placeDisks } from "./files.ts";
import type { GuestFiles, PlacedDisk } from "./files.ts";
import { giveName, isThere, requireRoom } from "./whole-files.ts";

/** Every disk's own file: the system disk's lies over its base, the others' over nothing. */
export const layersOf = ({ disks }: GuestSpec, files: GuestFiles): Promise<DiskLayer[]> =>
  Promise.all(
    placeDisks(disks, files).map(async ({ disk, path }) => {
      const { size } = await stat(path);
      return { disk: diskKey(disk), path, sizeBytes: size };
    }),
  );

/**
 * Puts a copy of a layer in the place of a disk's own. What the layer lay over on its host is not asked: here it lies
 * over this guest's base, or over nothing.
 *
 * @throws CloudHostError `NOT_FOUND` for a disk that the guest does not have, `IMAGE_CORRUPT` for a file that is no such
 * layer, `EXHAUSTED`, `CANCELLED`
 */
export async function putLayer(
  qemuImg: QemuImg,
  spec: GuestSpec,
  files: GuestFiles,
  { key, file }: { readonly key: DiskKey; readonly file: BaseDisk },
  signal?: AbortSignal,
): Promise<void> {
  const placed = placeDisks(spec.disks, files).find(({ disk }) => diskKey(disk) === key);
  if (placed === undefined) {
    throw new CloudHostError("NOT_FOUND", `${spec.id} has no disk ${key}.`, { resource: "disk", id: key });
  }
  if (!(await isThere(file.path))) {
    throw new CloudHostError("NOT_FOUND", `There is no layer at ${file.path}.`, { resource: "layer", id: file.path });
  }
  await requireRoom(files.dir, [file.path], "a layer");
  const partial = `${placed.path}.new`;
  await rm(partial, { force: true });
  try {
    await copyFile(file.path, partial, constants.COPYFILE_FICLONE);
    throwIfCancelled(signal, `putting a layer of ${spec.id}`);
    await fitLayer(qemuImg, spec, placed, { partial, file });
    await giveName(partial, placed.path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function fitLayer(
  qemuImg: QemuImg,
  { base }: GuestSpec,
  { disk }: PlacedDisk,
  { partial, file }: { readonly partial: string; readonly file: BaseDisk },
): Promise<void> {
  const header = await readQcow2Header(partial);
  // The image store, which carried it, knows a file of bytes: its format tells nothing of what they are.
  if (header === undefined) throw noLayer(file, "it is not a qcow2");
  // Of this host, which the layer names as it likes.
  if (header.dataElsewhere) throw noLayer(file, "its data are in another file");
  const info = await qemuImg.info(partial, "qcow2").catch((cause: unknown) => {
    throw noLayer(file, "it is not a whole qcow2", cause);
  });
  const wantedBytes = bytesFromGib(disk.sizeGib);
  if (info.logicalBytes > wantedBytes) throw noLayer(file, `it is larger than ${disk.sizeGib} GiB`);
  if (disk.kind === "system") {
    if (info.backing === undefined) throw noLayer(file, "it lies over nothing");
    await qemuImg.rebase(partial, base);
  } else if (info.backing !== undefined) {
    throw noLayer(file, "it lies over another file");
  }
  if (info.logicalBytes < wantedBytes) await qemuImg.resize(partial, wantedBytes);
}

function noLayer({ path, digest }: BaseDisk, reason: string, cause?: unknown): CloudHostError {
  const message = `${path} cannot be a disk's layer: ${reason}.`;
  return new CloudHostError("IMAGE_CORRUPT", message, { image: digest, reason }, { cause });
}
