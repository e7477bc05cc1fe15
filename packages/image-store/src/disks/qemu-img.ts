import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import { createInterface } from "node:readline";
import { z } from "zod";
import { CloudHostError } from "@cloudhost/core/ports";
import { imageCorrupt, systemCode } from "../failures.ts";
import type { BlockNode } from "./layers.ts";

/** Where a disk has what, in bytes of the guest's address space. */
export const MapEntry = z.object({
  start: z.int().min(0),
  length: z.int().min(0),
  /** Which layer has it; 0 is the top. */
  depth: z.int().min(0),
  zero: z.boolean(),
  data: z.boolean(),
  /** In that layer's file; missing where the data is compressed. */
  offset: z.int().min(0).optional(),
});
export type MapEntry = z.infer<typeof MapEntry>;

const CheckReport = z.object({ "compressed-clusters": z.int().optional() });

/** Bytes of the tool's complaints that are kept: a damaged image makes it complain by the megabyte. */
const complaintBytes = 2_000;

/** The descriptor under which {@link QemuImg} hands a file to the tool. */
const passedFile = process.platform === "linux" ? "/proc/self/fd/3" : "/dev/fd/3";
const passedNode: BlockNode = { driver: "raw", file: { driver: "file", filename: passedFile } };

/**
 * QEMU's `qemu-img`, for what it alone does well: reading and writing the tables of a qcow2. Every disk is given as a
 * description that names each file, so that it opens no other.
 *
 * @throws CloudHostError `DEPENDENCY_MISSING` when it is not installed, `IMAGE_CORRUPT` when it cannot make sense of a
 * file
 */
export class QemuImg {
  readonly #program: string;

  constructor(program = "qemu-img") {
    this.#program = program;
  }

  /**
   * Checks the tables of one qcow2 file, without what lies below it.
   * @throws CloudHostError `IMAGE_CORRUPT`
   */
  async check(path: string, signal?: AbortSignal): Promise<{ readonly compressed: boolean }> {
    const node = { driver: "qcow2", file: { driver: "file", filename: path }, backing: null } as const;
    const child = await this.#start(["check", "-U", "--output=json", describe(node)], signal);
    const { code, output, complaint } = await finished(child);
    // 3: leaked clusters, which cost room and nothing else.
    if (code !== 0 && code !== 3) throw damaged(path, code === 2 ? "its tables contradict each other" : complaint);
    return { compressed: (CheckReport.parse(JSON.parse(output))["compressed-clusters"] ?? 0) > 0 };
  }

  /**
   * Where a disk has what, in order: a line of the tool's at a time, since a fragmented disk has millions.
   * @param disk its description, or an open raw file, which needs no name
   */
  async *map(path: string, disk: BlockNode | FileHandle, signal?: AbortSignal): AsyncGenerator<MapEntry> {
    const [node, file] = "driver" in disk ? [disk, undefined] : [passedNode, disk];
    const child = await this.#start(["map", "-U", "--output=json", describe(node)], signal, file);
    const complaint = lastComplaint(child);
    const ended = once(child, "close");
    try {
      if (child.stdout === null) throw new TypeError("the tool has no output");
      for await (const line of createInterface({ input: child.stdout })) {
        const entry = line.replace(/^[[,\s]+/, "").replace(/[\],\s]+$/, "");
        if (entry !== "") yield MapEntry.parse(JSON.parse(entry));
      }
      const [code] = (await ended) as [number | null];
      if (code !== 0) throw damaged(path, complaint());
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
  }

  /** Reads a whole disk into an empty file, which keeps its holes. The file needs no name. */
  async decode(path: string, node: BlockNode, into: FileHandle, signal?: AbortSignal): Promise<void> {
    const args = ["convert", "-U", "-n", "--target-is-zero", "-O", "raw", describe(node), passedFile];
    const { code, complaint } = await finished(await this.#start(args, signal, into));
    if (code !== 0) throw damaged(path, complaint);
  }

  /** Writes a qcow2 at `path` from a raw file, which needs no name. */
  async encode(from: FileHandle, path: string, signal?: AbortSignal): Promise<void> {
    const args = ["convert", "-U", "-O", "qcow2", describe(passedNode), path];
    const { code, complaint } = await finished(await this.#start(args, signal, from));
    if (code === 0) return;
    const full = complaint.includes("No space left");
    if (full) throw new CloudHostError("EXHAUSTED", `No room is left to write ${path}.`, { resource: "disk" });
    throw new CloudHostError("INTERNAL", `qemu-img could not write ${path}: ${complaint}`, { reason: complaint });
  }

  /**
   * Which version is installed, as it says itself.
   * @throws CloudHostError `DEPENDENCY_MISSING`
   */
  async version(): Promise<string> {
    return (await finished(await this.#start(["--version"]))).output.split("\n")[0] ?? "";
  }

  async #start(args: readonly string[], signal?: AbortSignal, file?: FileHandle): Promise<ChildProcess> {
    const child = spawn(this.#program, args, {
      stdio: ["ignore", "pipe", "pipe", ...(file === undefined ? [] : [file.fd])],
      env: { ...process.env, LC_ALL: "C" },
      killSignal: "SIGKILL",
      ...(signal === undefined ? {} : { signal }),
    });
    // A signal that fires kills it, and says so as an error, which without a listener would end this process.
    child.on("error", () => {});
    try {
      await once(child, "spawn");
    } catch (cause) {
      if (systemCode(cause) !== "ENOENT") throw cause;
      throw new CloudHostError(
        "DEPENDENCY_MISSING",
        `qcow2 images are read with qemu-img, and ${this.#program} is not here. Install it: apt-get install qemu-utils.`,
        { dependency: "qemu-img", remedy: "apt-get install qemu-utils" },
        { cause },
      );
    }
    return child;
  }
}

const describe = (node: BlockNode): string => `json:${JSON.stringify(node)}`;

const damaged = (path: string, reason: string): CloudHostError =>
  imageCorrupt(`${path} is no whole disk image: ${reason}.`, { reason });

async function finished(child: ChildProcess): Promise<{ code: number | null; output: string; complaint: string }> {
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    if (output.length < 1_048_576) output += text;
  });
  const complaint = lastComplaint(child);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output, complaint: complaint() };
}

/** Collects what it says on stderr; the result is its last line. */
function lastComplaint(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (more: string) => (text = (text + more).slice(-complaintBytes)));
  return () => {
    const line = text.trim().split("\n").at(-1) ?? "";
    return line.replace(/^qemu-img: /, "").replace(/\.$/, "") || "qemu-img gave no reason";
  };
}
