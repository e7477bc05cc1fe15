/**
 * Builds a small guest from Debian's cloud kernel and busybox, for tests and for trying things out: a kernel, an
 * initial file system that is the whole system, and a disk image with a real file system. It needs apt, dpkg-deb and
 * mke2fs, and installs nothing.
 *
 *     node scripts/build-guest.ts OUTDIR
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { cpioArchive } from "./guest/cpio.ts";
import type { CpioEntry } from "./guest/cpio.ts";
import { cloudKernelPackage, unpackPackage } from "./guest/debian.ts";
import { modulesInOrder } from "./guest/modules.ts";
import type { KernelModule } from "./guest/modules.ts";

const run = promisify(execFile);

/** A file of the guest, and its digest as images have one: `sha256:…`. */
export interface GuestFile {
  readonly path: string;
  readonly digest: string;
}

/** A guest that can be booted: give `kernel` and `initrd` to a direct boot, and `disk` as the base of its disk. */
export interface GuestImage {
  readonly kernel: GuestFile;
  readonly initrd: GuestFile;
  /** Raw, 64 MiB, an ext4 file system. */
  readonly disk: GuestFile;
  /** What is in the disk's file `/etc/greeting`, and on the serial console once the guest has read it. */
  readonly greeting: string;
  /** For the kernel's command line, beside what `guest/init.sh` knows. */
  readonly arguments: string;
}

const wantedModules = ["virtio_pci", "virtio_blk", "virtio_net", "virtio_console", "button", "evdev"];
/** Without the check of its timer, which fails when a slow host looks away at that moment, as QEMU's own guests of KVM. */
const kernelArguments = "console=ttyS0 quiet panic=1 mitigations=off no_timer_check";
const source = (name: string): string => join(import.meta.dirname, "guest", name);

/**
 * Builds the guest into a folder, or finds it there from an earlier time: what it is made of names it, so that a newer
 * kernel or another script makes another.
 *
 * @param folder is made where it does not exist; may be shared by whoever wants a guest
 * @param signal gives the building up; nothing of it is left then
 */
export async function buildGuest(folder: string, signal?: AbortSignal): Promise<GuestImage> {
  const kernelPackage = await cloudKernelPackage();
  const scripts = await Promise.all(["init.sh", "power-off.sh"].map((name) => readFile(source(name))));
  const recipe = await readFile(import.meta.filename);
  const version = createHash("sha256").update(recipe).update(Buffer.concat(scripts)).digest("hex").slice(0, 12);
  const home = join(resolve(folder), `${kernelPackage}-${version}`);
  const found = await readManifest(home);
  if (found !== undefined) return found;

  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(resolve(folder), "building-"));
  try {
    await unpackPackage(kernelPackage, join(work, "kernel"), signal);
    await unpackPackage("busybox-static", join(work, "busybox"), signal);
    signal?.throwIfAborted();
    const image = await assemble(work, home);
    await makeHome(work, home, image);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  const built = await readManifest(home);
  if (built === undefined) throw new Error(`${home} was built and is not there`);
  return built;
}

async function readManifest(home: string): Promise<GuestImage | undefined> {
  try {
    return JSON.parse(await readFile(join(home, "guest.json"), "utf8")) as GuestImage;
  } catch {
    return undefined;
  }
}

/** Makes the files in `work/out`; their paths are already those in `home`. */
async function assemble(work: string, home: string): Promise<GuestImage> {
  const out = join(work, "out");
  await mkdir(out);
  const boot = join(work, "kernel/boot");
  const kernelName = (await readdir(boot)).find((name) => name.startsWith("vmlinuz-"));
  if (kernelName === undefined) throw new Error("the kernel's package has no kernel");
  await copyFile(join(boot, kernelName), join(out, "kernel"));
  const files = await readdir(join(work, "kernel/lib/modules"), { recursive: true });
  const modules = await modulesInOrder(
    wantedModules,
    files.filter((path) => path.endsWith(".ko")).map((path) => join(work, "kernel/lib/modules", path)),
  );
  const busyboxPath = join(work, "busybox/bin/busybox");
  const { stdout: applets } = await run(busyboxPath, ["--list"]);
  const busybox = await readFile(busyboxPath);
  await writeFile(join(out, "initrd"), cpioArchive(await initialFiles(busybox, applets.split("\n"), modules)));
  const greeting = `hello from ${kernelName.replace("vmlinuz-", "")}`;
  await makeDisk(work, join(out, "disk.raw"), greeting, busybox);
  const described = async (name: string): Promise<GuestFile> => ({
    path: join(home, name),
    digest: `sha256:${createHash("sha256")
      .update(await readFile(join(out, name)))
      .digest("hex")}`,
  });
  const [kernel, initrd, disk] = await Promise.all([described("kernel"), described("initrd"), described("disk.raw")]);
  return { kernel, initrd, disk, greeting, arguments: kernelArguments };
}

async function initialFiles(
  busybox: Buffer,
  applets: readonly string[],
  modules: readonly KernelModule[],
): Promise<CpioEntry[]> {
  const folders = ["bin", "dev", "disk", "etc", "etc/acpi", "etc/acpi/PWRF", "modules", "proc", "sys", "tmp", "var"];
  return [
    ...folders.map((path): CpioEntry => ({ path, kind: "folder" })),
    file("init", await readFile(source("init.sh")), true),
    file("etc/acpi/PWRF/00000080", await readFile(source("power-off.sh")), true),
    file("bin/busybox", busybox, true),
    ...applets
      .filter((name) => name !== "" && name !== "busybox")
      .map((name): CpioEntry => ({ path: `bin/${name}`, kind: "link", target: "busybox" })),
    ...modules.map(({ name, content }) => file(`modules/${name}.ko`, content)),
    file("modules/order", Buffer.from(modules.map(({ name }) => `${name}.ko\n`).join(""))),
  ];
}

const file = (path: string, content: Uint8Array, executable = false): CpioEntry => ({
  path,
  kind: "file",
  content,
  executable,
});

/** Puts real files of many kinds into it, so that its chunks are neither all zeros nor all alike. */
async function makeDisk(work: string, path: string, greeting: string, busybox: Buffer): Promise<void> {
  const root = join(work, "disk");
  await mkdir(join(root, "etc"), { recursive: true });
  await mkdir(join(root, "bin"));
  await writeFile(join(root, "etc/greeting"), `${greeting}\n`);
  await writeFile(join(root, "bin/busybox"), busybox);
  const boot = join(work, "kernel/boot");
  for (const name of await readdir(boot)) await copyFile(join(boot, name), join(root, name));
  // A fixed identity and date: the same files make the same image.
  const identity = [
    "-U",
    "6e616d65-6420-4279-8074-686520746573",
    "-E",
    "hash_seed=6e616d65-6420-4279-8074-686520746573",
  ];
  await run("mke2fs", ["-q", "-t", "ext4", "-O", "^has_journal", ...identity, "-d", root, path, "64M"], {
    env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin`, E2FSPROGS_FAKE_TIME: "1750000000" },
  });
}

/** Shows the finished guest at once; who lost a race against another builder takes the other's. */
async function makeHome(work: string, home: string, image: GuestImage): Promise<void> {
  const out = join(work, "out");
  await writeFile(join(out, "guest.json"), JSON.stringify(image, undefined, 2));
  await rename(out, home).catch(async (error: unknown) => {
    if ((await readManifest(home)) === undefined) throw error;
  });
}

if (import.meta.main) {
  const folder = process.argv[2];
  if (folder === undefined) {
    process.stderr.write("Say where the guest shall go: node scripts/build-guest.ts OUTDIR\n");
    process.exit(2);
  }
  process.stdout.write(`${JSON.stringify(await buildGuest(folder), undefined, 2)}\n`);
}
