import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isCloudHostError } from "@cloudhost/core/ports";
import { afterAll } from "vitest";
import { buildGuest } from "../../../../scripts/build-guest.ts";
import type { GuestImage } from "../../../../scripts/build-guest.ts";
import { startPrivateLibvirtd } from "../../src/index.ts";
import type { PrivateLibvirtd } from "../../src/index.ts";

/** A libvirtd of this test file's own, and a guest that boots under it. */
export interface TestHost {
  readonly libvirtd: PrivateLibvirtd;
  /** The daemon's own folder. */
  readonly daemonDir: string;
  readonly image: GuestImage;
  /** A folder for tests' files, which goes with the host. */
  readonly dir: string;
}

const required = process.env["CLOUDHOST_HOST_TESTS"] === "1";
/** Built once for all test files and all their runs. */
const guestCache = join(import.meta.dirname, "../../../../node_modules/.cache/cloudhost-guest");

/**
 * Starts the host for a test file and ends it after the last test. Where this machine cannot, the reason is printed
 * and `undefined` comes back; with `CLOUDHOST_HOST_TESTS=1` it is thrown instead.
 */
export async function openTestHost(): Promise<TestHost | undefined> {
  // Short: a socket's path has room for 108 characters.
  const dir = await mkdtemp(join(tmpdir(), "ch-"));
  const daemonDir = join(dir, "d");
  try {
    const image = await buildGuest(guestCache);
    const libvirtd = await startPrivateLibvirtd({ dir: daemonDir });
    afterAll(async () => {
      await libvirtd.stop();
      await rm(dir, { recursive: true, force: true });
    });
    return { libvirtd, daemonDir, image, dir };
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    if (required || !isMissing(error)) throw error;
    process.stderr.write(`skipped: ${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
}

/** What this machine lacks, as opposed to what does not work. */
const isMissing = (error: unknown): boolean =>
  isCloudHostError(error, "DEPENDENCY_MISSING") ||
  isCloudHostError(error, "UNSUPPORTED") ||
  (error instanceof Error && "code" in error && error.code === "ENOENT");
