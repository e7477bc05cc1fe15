import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { DiskFormat } from "@cloudhost/core/ports";
import { z } from "zod";
import { findProgram } from "./find-program.ts";

const run = promisify(execFile);

/** Of a layer that is made: what it lies over. */
export interface Backing {
  readonly path: string;
  readonly format: DiskFormat;
}

/** What `qemu-img info` tells of one file. */
const DiskInfo = z.object({
  "virtual-size": z.int(),
  "backing-filename": z.string().optional(),
  /** Whether the file says so itself: it was not written to its end. */
  "dirty-flag": z.boolean().optional(),
});

/** What it tells of a file and those below it. */
const DiskChain = z.array(z.object({ filename: z.string(), "virtual-size": z.int() }));

/** QEMU's tool for disk images. Formats are always told and never guessed: a guest may write any header into its disk. */
export class QemuImg {
  readonly #program: string;

  constructor(program: string) {
    this.#program = program;
  }

  /** @throws CloudHostError `DEPENDENCY_MISSING` */
  static async find(): Promise<QemuImg> {
    return new QemuImg(await findProgram("qemu-img", "qemu-utils"));
  }

  /** The guest's address space, and the file below, if any. `-U`: a running guest may have it open. */
  async info(
    path: string,
    format: DiskFormat,
  ): Promise<{ readonly logicalBytes: number; readonly backing: string | undefined }> {
    const { stdout } = await run(this.#program, ["info", "-U", "-f", format, "--output=json", path]);
    const info = DiskInfo.parse(JSON.parse(stdout));
    return { logicalBytes: info["virtual-size"], backing: info["backing-filename"] };
  }

  /** The files that a disk lies over, the nearest first, and its size; fails where one of them cannot be read. */
  async chain(
    path: string,
    format: DiskFormat,
  ): Promise<{ readonly logicalBytes: number; readonly backing: readonly string[] }> {
    const args = ["info", "-U", "-f", format, "--backing-chain", "--output=json", path];
    const { stdout } = await run(this.#program, args);
    const [disk, ...below] = DiskChain.parse(JSON.parse(stdout));
    return { logicalBytes: disk?.["virtual-size"] ?? 0, backing: below.map(({ filename }) => filename) };
  }

  /** Makes a qcow2, empty or over another file. */
  async create(path: string, logicalBytes: number, backing?: Backing): Promise<void> {
    const over = backing === undefined ? [] : ["-F", backing.format, "-b", backing.path];
    await run(this.#program, ["create", "-q", "-f", "qcow2", ...over, path, String(logicalBytes)]);
  }

  async resize(path: string, logicalBytes: number): Promise<void> {
    await run(this.#program, ["resize", "-q", "-f", "qcow2", path, String(logicalBytes)]);
  }

  /** Says that the file below lies elsewhere now, its content being the same. */
  async rebase(path: string, backing: Backing): Promise<void> {
    await run(this.#program, ["rebase", "-q", "-u", "-f", "qcow2", "-F", backing.format, "-b", backing.path, path]);
  }
}
