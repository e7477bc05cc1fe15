import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { startPrivateLibvirtd } from "@cloudhost/driver-libvirt";
import { Libvirt } from "@cloudhost/libvirt-rpc";
import { quickstart } from "../quickstart-process.ts";
import type { QuickstartRun } from "../quickstart-process.ts";
import { listMachine } from "./listing.ts";
import type { Listing } from "./listing.ts";

/** A run with a libvirtd that was there, and the machine before and after it. */
export interface UriRun {
  readonly before: Listing;
  readonly after: Listing;
  /** What that libvirtd knows afterwards. */
  readonly domains: readonly string[];
  readonly run: QuickstartRun;
}

/** Runs the quickstart with `--uri`, in a network namespace that stands for a machine's own network. */
export async function runWithUri(root: string): Promise<UriRun> {
  const again = [process.execPath, "--conditions=@cloudhost/source", import.meta.filename, root];
  const { stdout } = await promisify(execFile)("unshare", ["--net", ...again], { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout) as UriRun;
}

async function main(root: string): Promise<UriRun> {
  await using libvirtd = await startPrivateLibvirtd({ dir: join(root, "d") });
  const { socketPath } = libvirtd;
  const state = join(root, "u");
  const before = await listMachine(state);
  const uri = `qemu:///system?socket=${socketPath}`;
  const run = await quickstart(["--driver", "libvirt", "--uri", uri, "--json", "--state", state]);
  const after = await listMachine(state);
  await using libvirt = await Libvirt.open({ socketPath });
  const domains = (await libvirt.listDomains()).map(({ name }) => name);
  return { before, after, domains, run };
}

if (import.meta.main) process.stdout.write(JSON.stringify(await main(process.argv[2] ?? "")));
