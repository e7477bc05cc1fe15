import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CloudHostError } from "@cloudhost/core";
import { startPrivateLibvirtd } from "@cloudhost/driver-libvirt";
import { defaultSocketPath } from "@cloudhost/libvirt-rpc";
import { clearWork } from "../state/state-folder.ts";
import type { StateFolder } from "../state/state-folder.ts";
import { kvmWorks } from "./kvm.ts";

/** A libvirtd to run guests with. */
export interface Daemon extends AsyncDisposable {
  readonly socketPath: string;
  /** Of one that was started here. */
  readonly pid: number | undefined;
  /** How guests run: by emulation where KVM is of no use. */
  readonly virtType: "auto" | "qemu" | "kvm";
  /** Where it keeps the process numbers of its guests. */
  readonly pidFolder: string;
}

/** A folder's path may have so many characters, since a socket's path has room for little more. */
const longestFolder = 70;

/** A libvirtd of the quickstart's own, in its folder; it ends, with all its guests and files, when it is disposed of. */
export async function startDaemon(folder: StateFolder): Promise<Daemon> {
  const dir = join(folder.path, "libvirtd");
  if (dir.length > longestFolder) {
    const message = `The path ${folder.path} is too long for libvirt's sockets: choose a shorter one, --state DIR.`;
    throw new CloudHostError("INVALID_ARGUMENT", message, { issues: [{ path: "--state", message: "too long" }] });
  }
  const kvm = await kvmWorks(folder.work);
  await clearWork(folder);
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rm(dir, { recursive: true, force: true }));
  const { socketPath, pid } = undo.use(await startPrivateLibvirtd({ dir, kvm: kvm ? "keep" : "hide" }));
  const started = undo.move();
  return {
    socketPath,
    pid,
    virtType: kvm ? "kvm" : "qemu",
    pidFolder: join(dirname(socketPath), "qemu"),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/**
 * A libvirtd that is there already.
 * @param uri `qemu:///system`, or with a socket of its own `qemu:///system?socket=/run/libvirt/libvirt-sock`
 */
export function daemonAt(uri: string): Daemon {
  const socketPath = new URL(uri).searchParams.get("socket") ?? defaultSocketPath;
  return {
    socketPath,
    pid: undefined,
    virtType: "auto",
    pidFolder: join(dirname(socketPath), "qemu"),
    async [Symbol.asyncDispose]() {},
  };
}
