import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What the cloud kernel's name stands for today: `linux-image-6.1.0-56-cloud-amd64`. */
export async function cloudKernelPackage(): Promise<string> {
  const { stdout: architecture } = await run("dpkg", ["--print-architecture"]);
  const alias = `linux-image-cloud-${architecture.trim()}`;
  const { stdout } = await run("apt-cache", ["depends", "--important", alias]);
  const found = /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
  if (found === undefined) throw new Error(`${alias} is not known here: run "apt-get update" first`);
  return found;
}

/** Downloads a package and unpacks it into a new folder, without installing it. */
export async function unpackPackage(name: string, into: string, signal?: AbortSignal): Promise<void> {
  await mkdir(into, { recursive: true });
  const folder = await mkdtemp(join(into, "download-"));
  // apt gives the download to a user who cannot enter a folder of root's.
  const asIs = process.getuid?.() === 0 ? ["-o", "APT::Sandbox::User=root"] : [];
  await run("apt-get", [...asIs, "download", name], { cwd: folder, ...(signal && { signal }) });
  const [file] = await readdir(folder);
  if (file === undefined) throw new Error(`apt-get downloaded nothing for ${name}`);
  await run("dpkg-deb", ["-x", join(folder, file), into]);
  await rm(folder, { recursive: true });
}
