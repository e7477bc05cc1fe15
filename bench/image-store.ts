import { execFile, spawn } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Emit } from "./bench-line.ts";

/** Of the disk; about half of it has data. */
const diskMib = Number(process.env["CLOUDHOST_BENCH_MIB"] ?? 2048);
/** Of which the median counts. */
const rounds = Number(process.env["CLOUDHOST_BENCH_ROUNDS"] ?? 3);

const mib = 1_048_576;
const cli = fileURLToPath(new URL("../packages/image-store/bin/cloudhost-images.js", import.meta.url));
const isBuilt = existsSync(new URL("../packages/image-store/dist/cli/main.js", import.meta.url));

type Phase = "first" | "next" | "restore";
const phases: readonly Phase[] = ["first", "next", "restore"];

/** A tool that keeps disk images in `repo`, as command lines. */
interface Tool {
  readonly name: string;
  /** Takes minutes: measured once. */
  readonly isSlow?: true;
  /** Looked for on the PATH. */
  readonly program: string;
  prepare?(repo: string): readonly string[];
  store(repo: string, name: string, disk: string): Command;
  restore(repo: string, name: string, out: string): Command;
}
interface Command {
  readonly argv: readonly string[];
  /** Read from standard input, or written to from standard output. */
  readonly input?: string;
  readonly output?: string;
}

const node = [process.execPath, ...(isBuilt ? [] : ["--conditions=@cloudhost/source"]), cli];
const borgCreate = "borg create --compression lz4 --chunker-params fixed,4194304 --files-cache=disabled".split(" ");
const borg = (repo: string, name: string): string => `${repo}/borg::${name}`;

const tools: readonly Tool[] = [
  {
    name: "cloudhost",
    program: process.execPath,
    store: (repo, name, disk) => ({ argv: [...node, "store", repo, name, disk, "--quiet"] }),
    restore: (repo, name, out) => ({ argv: [...node, "restore", repo, name, out, "--quiet"] }),
  },
  {
    name: "zstd",
    program: "zstd",
    store: (repo, name, disk) => ({ argv: ["zstd", "-q", "-1", "-T2", "-f", disk, "-o", join(repo, name)] }),
    restore: (repo, name, out) => ({ argv: ["zstd", "-q", "-d", "-f", join(repo, name), "-o", out] }),
  },
  {
    name: "qemu-img",
    program: "qemu-img",
    store: (repo, name, disk) => ({
      argv: ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, join(repo, name)],
    }),
    restore: (repo, name, out) => ({
      argv: ["qemu-img", "convert", "-f", "qcow2", "-O", "raw", join(repo, name), out],
    }),
  },
  {
    name: "borg-fixed",
    program: "borg",
    prepare: (repo) => ["borg", "init", "-e", "none", join(repo, "borg")],
    store: (repo, name, disk) => ({
      argv: [...borgCreate, borg(repo, name), "-"],
      input: disk,
    }),
    restore: (repo, name, out) => ({
      argv: ["borg", "extract", "--sparse", "--stdout", borg(repo, name)],
      output: out,
    }),
  },
  {
    name: "restic",
    program: "restic",
    prepare: (repo) => ["restic", "init", "-q", "-r", join(repo, "restic")],
    store: (repo, name, disk) => ({
      argv: [
        "restic",
        "-q",
        "-r",
        join(repo, "restic"),
        "backup",
        "--stdin",
        "--stdin-filename",
        "disk",
        "--tag",
        name,
      ],
      input: disk,
    }),
    restore: (repo, name, out) => ({
      argv: ["restic", "-q", "-r", join(repo, "restic"), "dump", "--tag", name, "latest", "disk"],
      output: out,
    }),
  },
  {
    name: "casync",
    isSlow: true,
    program: "casync",
    store: (repo, name, disk) => ({
      argv: ["casync", "make", "--compression=zstd", `--store=${repo}/store.castr`, join(repo, `${name}.caibx`), disk],
    }),
    restore: (repo, name, out) => ({
      argv: ["casync", "extract", `--store=${repo}/store.castr`, join(repo, `${name}.caibx`), out],
    }),
  },
];

/**
 * Storing a disk image of real files, then its next snapshot, then restoring that: ours and every peer that is installed,
 * turn by turn, each step until it is on the disk. The snapshot differs by 2,000 scattered pages and an appended log.
 *
 * @param names of the peers to measure; all that are installed without any
 */
export default async function run(emit: Emit, names: readonly string[] = []): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "cloudhost-bench-images-"));
  try {
    const [first, next] = [join(folder, "first.raw"), join(folder, "next.raw")];
    await makeDisks(first, next);
    const wanted = tools.filter(({ name }) => names.length === 0 || name === "cloudhost" || names.includes(name));
    const installed = wanted.filter(({ program }) => isInstalled(program));
    const missing = wanted.filter((tool) => !installed.includes(tool)).map(({ name }) => name);
    if (missing.length > 0) process.stderr.write(`Not installed, and not measured: ${missing.join(", ")}.\n`);
    if (!isBuilt) process.stderr.write("Ours runs from its sources: npm run build first, and it starts faster.\n");
    const results = new Map<string, Result[]>(installed.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const tool of installed.filter(({ isSlow }) => isSlow !== true || round === 0)) {
        process.stderr.write(`round ${round + 1} of ${rounds}: ${tool.name}\n`);
        results.get(tool.name)?.push(await measure(tool, join(folder, "work"), first, next));
      }
    }
    report(emit, results);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Result {
  readonly seconds: Readonly<Record<Phase, number>>;
  readonly storedMib: Readonly<Record<"first" | "next", number>>;
  readonly peakMib: number;
}

async function measure(tool: Tool, work: string, first: string, next: string): Promise<Result> {
  const repo = join(work, "repo");
  const out = join(work, "out.raw");
  await rm(work, { recursive: true, force: true });
  await mkdir(repo, { recursive: true });
  const prepare = tool.prepare?.(repo);
  if (prepare !== undefined) await step({ argv: prepare }, work);
  const a = await step(tool.store(repo, "one", first), work);
  const one = await allocatedMib(repo);
  const b = await step(tool.store(repo, "two", next), work);
  const two = await allocatedMib(repo);
  const c = await step(tool.restore(repo, "two", out), work);
  if (!(await sameFiles(next, out))) throw new Error(`${tool.name} restored something else`);
  await rm(work, { recursive: true });
  return {
    seconds: { first: a.seconds, next: b.seconds, restore: c.seconds },
    storedMib: { first: one, next: two - one },
    peakMib: Math.max(a.peakMib, b.peakMib, c.peakMib),
  };
}

/** Runs a command until what it wrote is on the disk. */
async function step(command: Command, work: string): Promise<{ readonly seconds: number; readonly peakMib: number }> {
  const startedMs = performance.now();
  await using input = command.input === undefined ? undefined : await open(command.input, "r");
  await using output = command.output === undefined ? undefined : await open(command.output, "w");
  const [program = "", ...args] = command.argv;
  const child = spawn(program, args, {
    stdio: [input?.fd ?? "ignore", output?.fd ?? "ignore", "pipe"],
    env: { ...process.env, ...quietPeers(work) },
  });
  let complaint = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (complaint += text));
  let peakMib = 0;
  const watch = setInterval(() => (peakMib = Math.max(peakMib, residentPeakMib(child.pid))), 10);
  const [code] = (await once(child, "close")) as [number | null];
  clearInterval(watch);
  if (code !== 0) throw new Error(`${command.argv.join(" ")} ended with ${code}: ${complaint}`);
  await promisify(execFile)("sync", ["-f", work]);
  return { seconds: (performance.now() - startedMs) / 1000, peakMib };
}

const quietPeers = (work: string): NodeJS.ProcessEnv => ({
  RESTIC_PASSWORD: "bench",
  RESTIC_CACHE_DIR: join(work, "restic-cache"),
  BORG_BASE_DIR: join(work, "borg-base"),
  BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: "yes",
});

function report(emit: Emit, results: ReadonlyMap<string, readonly Result[]>): void {
  const line = (metric: string, params: Record<string, string>, value: number, unit: string): void =>
    emit({ bench: "image-store", metric, params, value: Math.round(value * 1000) / 1000, unit });
  const seconds = (tool: string, phase: Phase): number =>
    median((results.get(tool) ?? []).map((result) => result.seconds[phase]));
  for (const [tool, runs] of results) {
    for (const phase of phases) line("seconds", { tool, phase }, seconds(tool, phase), "s");
    for (const phase of ["first", "next"] as const) {
      line("stored_mib", { tool, phase }, median(runs.map(({ storedMib }) => storedMib[phase])), "MiB");
    }
    line("peak_mib", { tool }, median(runs.map(({ peakMib }) => peakMib)), "MiB");
  }
  for (const peer of results.keys()) {
    if (peer === "cloudhost") continue;
    // Round by round, since each round's tools ran under the same load.
    for (const phase of phases) {
      const ratios = (results.get(peer) ?? []).map(
        (theirs, round) => (results.get("cloudhost")?.[round]?.seconds[phase] ?? Number.NaN) / theirs.seconds[phase],
      );
      line("ratio", { phase, peer }, median(ratios), "ratio");
    }
  }
}

/** Writes the disk, and its next snapshot. Both are the same on the same machine, whenever they are made. */
async function makeDisks(first: string, next: string): Promise<void> {
  await using disk = await open(first, "w");
  await disk.truncate(diskMib * mib);
  await fillWithFiles(disk);
  const databaseMib = diskMib / 32;
  const databaseAt = (diskMib - 2 * databaseMib) * mib;
  await disk.write(randomBytes(1, databaseMib * mib), 0, undefined, databaseAt);

  await promisify(execFile)("cp", ["--sparse=always", first, next]);
  await using changed = await open(next, "r+");
  for (let page = 0; page < 2_000; page += 1) {
    // A multiplicative walk: scattered, and the same every time.
    const at = databaseAt + ((page * 7_919) % (databaseMib * 256)) * 4_096;
    await changed.write(randomBytes(page + 2, 4_096), 0, undefined, at);
  }
  const log = Buffer.from(
    Array.from({ length: 50_000 }, (_, at) => `17000${at} app[${at % 977}]: request ${at}\n`).join(""),
  );
  await changed.write(log, 0, undefined, databaseAt + databaseMib * mib);
}

/** Real files of this machine in the order of their names, with gaps, up to two fifths of the disk. */
async function fillWithFiles(disk: FileHandle): Promise<void> {
  const wanted = diskMib * mib * 0.4;
  let written = 0;
  let at = 0;
  for await (const file of filesBelow("/usr")) {
    const bytes = await readFile(file);
    if (written + bytes.length > wanted) return;
    await disk.write(bytes, 0, undefined, at);
    written += bytes.length;
    at += Math.ceil(bytes.length / 4_096) * 4_096;
    // A gap as large as what came before it, every 32 MiB or so.
    if (Math.floor(written / (32 * mib)) > Math.floor((written - bytes.length) / (32 * mib))) at += 32 * mib;
  }
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile() && (await stat(path)).size < 64 * mib) yield path;
  }
}

function randomBytes(seed: number, length: number): Buffer {
  const key = Buffer.alloc(16);
  key.writeUInt32BE(seed, 0);
  return createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

async function allocatedMib(folder: string): Promise<number> {
  const { stdout } = await promisify(execFile)("du", ["-sB1", folder]);
  return Number(stdout.split("\t")[0]) / mib;
}

async function sameFiles(one: string, other: string): Promise<boolean> {
  try {
    await promisify(execFile)("cmp", ["-s", one, other]);
    return true;
  } catch {
    return false;
  }
}

/** The most memory that a process ever had, as long as it runs. */
function residentPeakMib(pid: number | undefined): number {
  try {
    const [, kib = "0"] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kib) / 1024;
  } catch {
    return 0;
  }
}

const isInstalled = (program: string): boolean =>
  program.startsWith("/") || (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, program)));

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
