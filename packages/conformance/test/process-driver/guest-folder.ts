import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, open, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bytesFromGib, GuestSpec } from "@cloudhost/core/ports";

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
    for (const [index, { kind, sizeGib }] of spec.disks.entries()) {
      if (kind === "system") await copyFile(spec.base.path, join(draft, "system.raw"));
      else await writeSparse(join(draft, `ephemeral-${index}.raw`), bytesFromGib(sizeGib));
    }
    await writeFile(join(draft, "spec.json"), JSON.stringify(spec));
    await rename(draft, this.#dir);
  }

  /** Gives a guest that is there another specification. */
  change(spec: GuestSpec): Promise<void> {
    return this.#write("spec.json", JSON.stringify(spec));
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

async function writeSparse(path: string, bytes: number): Promise<void> {
  await writeFile(path, "");
  await truncate(path, bytes);
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
