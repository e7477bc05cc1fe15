import { createHash } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import type { GuestSpec } from "@cloudhost/core/ports";
import { noCloudVolume } from "../seed/no-cloud.ts";
import type { GuestFiles } from "./files.ts";
import { giveName } from "./whole-files.ts";

/** Brings a guest's seed to its specification. A guest that runs goes on with the one that it was started with. */
export async function ensureSeed({ id, seed, nics }: GuestSpec, files: GuestFiles): Promise<void> {
  if (seed === undefined) return rm(files.seed, { force: true });
  const partial = `${files.seed}.new`;
  await writeFile(partial, noCloudVolume(id, seed, nics), { mode: 0o600 });
  return giveName(partial, files.seed);
}

/**
 * The specification as it is kept with the guest in libvirt, where whoever may look at a domain can read it: of the user's
 * data only the digest, which tells others apart.
 */
export function withoutUserData(spec: GuestSpec): GuestSpec {
  if (spec.seed?.userData === undefined) return spec;
  const userData = createHash("sha256").update(spec.seed.userData).digest("hex");
  return { ...spec, seed: { ...spec.seed, userData } };
}
