import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { z } from "zod";
import type { GuestFiles } from "./files.ts";

/**
 * How much the boot port had been told when the guest's OS last restarted within this run of its hypervisor. `run` is
 * `null` for whatever run comes next: of a guest whose memory is kept while it has none.
 */
const BootMark = z.strictObject({ run: z.int().nullable(), bytes: z.int() });

/**
 * Whether a running guest's OS has booted: it has said something to its port since it last began. Both the file that
 * the port writes to and the mark beside it are on disk, so that the truth is the same after this process's restart.
 */
export async function hasBooted(files: GuestFiles, run: number): Promise<boolean> {
  return (await saidBytes(files)) > (await markedBytes(files, run));
}

/** The OS begins anew within the same run: what it has said so far counts no more. */
export async function markRestart(files: GuestFiles, run: number): Promise<void> {
  await mark(files, { run, bytes: await saidBytes(files) });
}

/** The OS has booted, and goes on in the next run where it is: then it has said less than nothing already. */
export async function markBooted(files: GuestFiles): Promise<void> {
  await mark(files, { run: null, bytes: -1 });
}

async function mark(files: GuestFiles, bootMark: z.infer<typeof BootMark>): Promise<void> {
  const writing = `${files.bootMark}.new`;
  await writeFile(writing, JSON.stringify(bootMark));
  await rename(writing, files.bootMark);
}

/** Before a start: nothing was said. */
export async function forgetBoot(files: GuestFiles): Promise<void> {
  await rm(files.boot, { force: true });
  await rm(files.bootMark, { force: true });
}

const saidBytes = (files: GuestFiles): Promise<number> =>
  stat(files.boot).then(
    ({ size }) => size,
    () => 0,
  );

async function markedBytes(files: GuestFiles, run: number): Promise<number> {
  const text = await readFile(files.bootMark, "utf8").catch(() => undefined);
  if (text === undefined) return 0;
  const found = BootMark.parse(JSON.parse(text));
  return found.run === null || found.run === run ? found.bytes : 0;
}
