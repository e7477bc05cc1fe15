import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { accessSync, chownSync, constants, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "../../src/index.ts";

/** Where the daemon lies on most systems, beside the user's own path. */
const searched = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];

/** The libvirtd of this machine, or `undefined`. */
export function findLibvirtd(): string | undefined {
  return searched.map((folder) => join(folder, "libvirtd")).find((path) => existsSync(path) && isExecutable(path));
}

/** A libvirtd of a user of its own, which touches nothing of the system's. */
export class SessionDaemon implements AsyncDisposable {
  readonly #libvirtd: string;
  readonly #folder: string;
  readonly #ids: { uid?: number; gid?: number };
  #process: ChildProcess | undefined;

  constructor(libvirtd: string) {
    this.#libvirtd = libvirtd;
    this.#folder = mkdtempSync(join(tmpdir(), "libvirt-rpc-"));
    // As root it would be the system's daemon.
    this.#ids = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    if (this.#ids.uid !== undefined) chownSync(this.#folder, 65_534, 65_534);
  }

  get socketPath(): string {
    return join(this.#folder, "libvirt", "libvirt-sock");
  }

  /** Starts it and resolves when it answers. */
  async start(): Promise<void> {
    const home = {
      HOME: this.#folder,
      XDG_RUNTIME_DIR: this.#folder,
      XDG_CACHE_HOME: this.#folder,
      XDG_CONFIG_HOME: this.#folder,
    };
    this.#process = spawn(this.#libvirtd, ["--config", "/dev/null"], {
      ...this.#ids,
      cwd: this.#folder,
      env: { PATH: process.env["PATH"], ...home },
      stdio: "ignore",
    });
    for (let tries = 0; ; tries += 1) {
      try {
        await using _ = await Connection.open({ uri: "test:///default", socketPath: this.socketPath });
        return;
      } catch (error) {
        if (tries === 100) throw error;
        await sleep(50);
      }
    }
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    const running = this.#process;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    running.once("exit", () => resolve());
    running.kill("SIGKILL");
    await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
