import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, open, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bytesFromGib, diskKey, GuestSpec } from "@cloudhost/core/ports";
import type { DiskKey } from "@cloudhost/core/ports";

const program = fileURLToPath(new URL("guest.sh", import.meta.url));

/** A guest on this host: a folder with its disks, its console and the id of its process. */
export class GuestFolder {
  readonly #dir: string;

  constructor(root: string, guestId: string) {
    this.#dir = join(root, guestId);
  }

  /** Its specification; `undefined` when there is no such guest. */
  async spec(): Promise<GuestSpec | undefined> {
    const json = await readIfThere(this.#file("spec.json"));
    return json === undefined ? undefined : GuestSpec.parse(JSON.parse(json));
  }

  /** Makes the guest whole or not at all. */
  async create(spec: GuestSpec): Promise<void> {
    const draft = `${this.#dir}.new`;
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft);
    await copyFile(spec.base.path, join(draft, "system.raw"));
    await growDisks(draft, spec);
    await writeFile(join(draft, "spec.json"), JSON.stringify(spec));
    await rename(draft, this.#dir);
  }

  /** Gives a guest that is there another specification. It is written last: a kill before leaves the rest to a repeat. */
  async change(spec: GuestSpec): Promise<void> {
    await growDisks(this.#dir, spec);
    const wanted = new Set(spec.disks.map(diskKey));
    const gone = (await this.spec())?.disks.map(diskKey).filter((disk) => !wanted.has(disk)) ?? [];
    for (const disk of gone) await rm(this.disk(disk), { force: true });
    await this.#write("spec.json", JSON.stringify(spec));
  }

  /** Where a disk is: a raw file. That of the system disk ends where its base does. */
  disk(disk: DiskKey): string {
    return this.#file(`${disk}.raw`);
  }

  /** Its process; `undefined` when it does not run. */
  async pid(): Promise<number | undefined> {
    const pid = Number((await readIfThere(this.#file("pid"))) ?? 0);
    return pid > 0 && isAlive(pid) ? pid : undefined;
  }

  /** Begins a process that goes on when ours ends. It writes its own id, so that none is ever lost. */
  async boot(): Promise<void> {
    await rm(this.#file("pid"), { force: true });
    await using consoleFile = await open(this.#file("console"), "a");
    const stdio = ["ignore", consoleFile.fd, consoleFile.fd] as const;
    const guest = spawn("/bin/sh", [program, this.#dir], { detached: true, stdio: [...stdio] });
    await once(guest, "spawn");
    guest.unref();
  }

  /** What its OS has said since it was defined. */
  async console(): Promise<string> {
    return (await readIfThere(this.#file("console"))) ?? "";
  }

  /** The command that last rebooted it. */
  lastReboot(): Promise<string | undefined> {
    return readIfThere(this.#file("last-reboot"));
  }

  rebooted(commandId: string): Promise<void> {
    return this.#write("last-reboot", commandId);
  }

  /** Where a picture of its system disk is, made if it is not there yet. This guest writes nothing: a copy stands still. */
  async picture(snapshotId: string): Promise<string> {
    const name = `picture-${snapshotId}.raw`;
    if (!(await readdir(this.#dir)).includes(name)) {
      await copyFile(this.#file("system.raw"), this.#file(`${name}.new`));
      await truncate(this.#file(`${name}.new`), await this.#diskBytes());
      await rename(this.#file(`${name}.new`), this.#file(name));
    }
    return this.#file(name);
  }

  removePicture(snapshotId: string): Promise<void> {
    return rm(this.#file(`picture-${snapshotId}.raw`), { force: true });
  }

  remove(): Promise<void> {
    return rm(this.#dir, { recursive: true, force: true });
  }

  #file(name: string): string {
    return join(this.#dir, name);
  }

  async #diskBytes(): Promise<number> {
    const system = (await this.spec())?.disks.find(({ kind }) => kind === "system");
    return bytesFromGib(system?.sizeGib ?? 0);
  }

  async #write(name: string, text: string): Promise<void> {
    await writeFile(this.#file(`${name}.new`), text);
    await rename(this.#file(`${name}.new`), this.#file(name));
  }
}

/** Makes data and ephemeral disks that are not there, and lets them grow to their size. */
async function growDisks(dir: string, { disks }: GuestSpec): Promise<void> {
  for (const disk of disks.filter(({ kind }) => kind !== "system")) {
    await using file = await open(join(dir, `${diskKey(disk)}.raw`), "a");
    await file.truncate(bytesFromGib(disk.sizeGib));
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
