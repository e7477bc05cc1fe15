import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock, uuidv7Ids } from "@cloudhost/core/ports";
import type { BaseDisk, DirectBoot, GuestSpec } from "@cloudhost/core/ports";

const mib = 2 ** 20;

/** What {@link sampleGuest} made. */
export interface SampleGuest {
  /** 1 vCPU × 1 EUCU, 128 MiB, a system disk of 1 GiB, no interface. */
  readonly guest: GuestSpec;
  /** A kernel that no machine would start. */
  readonly boot: DirectBoot;
}

/**
 * A guest with an id of its own over a raw base of 8 MiB, for subjects of drivers that run nothing real. The base has
 * zeros, blocks that repeat and blocks that do not, and the same digest each time.
 * @param dir where the files go; made if missing
 */
export async function sampleGuest(dir: string): Promise<SampleGuest> {
  await mkdir(dir, { recursive: true });
  const id = uuidv7Ids(systemClock()).next("srv");
  const base = await writeRaw(join(dir, "base.raw"), sampleDisk());
  const kernel = await writeRaw(join(dir, "kernel"), Buffer.from("a kernel"));
  const guest: GuestSpec = {
    id,
    name: "web-1",
    vcpus: 1,
    milliEcuPerVcpu: 1000,
    memoryMib: 128,
    disks: [{ kind: "system", sizeGib: 1 }],
    base,
    nics: [],
  };
  return { guest, boot: { kernel, arguments: "console=ttyS0" } };
}

async function writeRaw(path: string, bytes: Uint8Array): Promise<BaseDisk> {
  await writeFile(path, bytes);
  return { path, format: "raw", digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}` };
}

function sampleDisk(): Uint8Array {
  const disk = Buffer.alloc(8 * mib);
  disk.fill("the same block again and again. ", mib, 2 * mib);
  createHash("shake256", { outputLength: 2 * mib })
    .update("a base")
    .digest()
    .copy(disk, 2 * mib);
  return disk;
}
