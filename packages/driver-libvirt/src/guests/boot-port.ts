import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { z } from "zod";
import type { GuestFiles } from "./files.ts";

/** How much the boot port had been told when the guest's OS last restarted within this run of its hypervisor. */
const BootMark = z.strictObject({ run: z.int(), bytes: z.int() });

/**
 * Whether a running guest's OS has booted: it has said something to its port since it last began. Both the file that
 * the port writes to and the mark beside it are on disk, so that the truth is the same after this process's restart.
 */
export async function hasBooted(files: GuestFiles, run: number): Promise<boolean> {
  return (await saidBytes(files)) > (await markedBytes(files, run));
}

/** The OS begins anew within the same run: what it has said so far counts no more. */
export async function markRestart(files: GuestFiles, run: number): Promise<void> {
  const mark = { run, bytes: await saidBytes(files) } satisfies z.infer<typeof BootMark>;
  const writing = `${files.bootMark}.new`;
  await writeFile(writing, JSON.stringify(mark));
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
  const mark = BootMark.parse(JSON.parse(text));
  return mark.run === run ? mark.bytes : 0;
}
