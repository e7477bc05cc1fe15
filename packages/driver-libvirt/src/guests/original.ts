import { mkdir, readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import type { GuestFiles } from "./files.ts";
import { giveName } from "./whole-files.ts";

/** What a guest was before it was adopted: all that it takes to give it back. */
export const Original = z.strictObject({
  /** UUID of its domain. */
  key: z.string(),
  /** Its definition for the next start, secrets included. */
  xml: z.string(),
  /** Of one that ran: what its run was held to, and where its vCPUs and QEMU's own threads might run. */
  live: z
    .strictObject({
      /** libvirt's id of that run. */
      run: z.int(),
      /** `null` where the kernel has none to give. Whole numbers of 64 bits. */
      limits: z.strictObject({ shares: z.string(), periodUs: z.string(), quotaUs: z.string() }).nullable(),
      vcpuMaps: z.array(z.base64()),
      emulatorMap: z.base64(),
    })
    .nullable(),
});
export type Original = z.infer<typeof Original>;

/** What an adopted guest was, or one whose adoption was begun; `undefined` for any other. */
export async function readOriginal(files: GuestFiles): Promise<Original | undefined> {
  const text = await readFile(files.adopted, "utf8").catch(() => undefined);
  return text === undefined ? undefined : Original.parse(JSON.parse(text));
}

/** On the disk before the guest is touched. A definition may have passwords in it: nobody else reads the file. */
export async function writeOriginal(files: GuestFiles, original: Original): Promise<void> {
  await mkdir(files.dir, { recursive: true, mode: 0o711 });
  const writing = `${files.adopted}.new`;
  await writeFile(writing, JSON.stringify(original), { mode: 0o600 });
  await giveName(writing, files.adopted);
}
