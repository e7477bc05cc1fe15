import { constants } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * How QEMU shall read and write the disks of this folder: past the host's cache, so that a guest's memory is not kept
 * twice, where the file system can; through it where it cannot, as on some file systems in memory.
 */
export async function chooseDiskCache(folder: string): Promise<"none" | "writeback"> {
  const path = join(folder, ".direct-io");
  try {
    await using _ = await open(path, constants.O_CREAT | constants.O_RDWR | constants.O_DIRECT);
    return "none";
  } catch {
    return "writeback";
  } finally {
    await rm(path, { force: true });
  }
}
