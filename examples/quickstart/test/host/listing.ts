import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a run may change of a machine, by kind, each thing a line. */
export interface Listing extends Readonly<Record<string, readonly string[]>> {
  readonly processes: readonly string[];
  readonly files: readonly string[];
}

/**
 * Everything of this machine's network, mounts, processes and files that a quickstart could leave behind.
 * @param state its folder: of the machine's processes and groups only those that have to do with it are listed
 */
export async function listMachine(state: string): Promise<Listing> {
  return {
    links: await linesOf("ip", "-br", "link", "show"),
    addresses: await linesOf("ip", "-br", "-4", "address", "show"),
    routes: await linesOf("ip", "-4", "route", "show", "table", "all"),
    qdiscs: await linesOf("tc", "qdisc", "show"),
    sets: await linesOf("ipset", "list", "-name"),
    rules: (await linesOf("iptables-save")).filter((line) => line.startsWith("-A")),
    // Named namespaces are other tests'.
    mounts: (await linesIn("/proc/self/mounts")).filter((line) => !line.startsWith("nsfs /run/netns/")),
    processes: await processesOf(state),
    domains: await namesIn("/run/libvirt/qemu"),
    definitions: await namesIn("/etc/libvirt/qemu"),
    libvirt: await namesIn("/var/lib/libvirt"),
    files: await filesIn(state),
  };
}

const linesOf = async (program: string, ...args: string[]): Promise<string[]> => {
  const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
  const { stdout } = await run(program, args, { env: { PATH: path, LC_ALL: "C" } });
  return stdout.split("\n").filter((line) => line !== "");
};

const linesIn = async (path: string): Promise<string[]> => (await readFile(path, "utf8")).trim().split("\n");

const namesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true }).catch(() => [])).toSorted((a, b) => a.localeCompare(b));

/** Processes that name the folder on their command line, or have it mounted over something of the system's. */
async function processesOf(state: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const text = async (file: string): Promise<string> => readFile(join("/proc", pid, file), "utf8").catch(() => "");
    const command = (await text("cmdline")).replaceAll("\0", " ");
    if (`${command}${await text("mountinfo")}`.includes(state)) found.push(`${pid} ${command}`);
  }
  return found;
}

/** What is kept is left out: the database, images, history, and what says who had the folder. */
async function filesIn(state: string): Promise<string[]> {
  const kept = /^(cloud\.db.*|images(\/.*)?|hosts\/[^/]+\/(images(\/.*)?|commands\.journal.*)|(.*\/)?lock\.\d+)$/;
  return (await namesIn(state)).filter((path) => !kept.test(path));
}
