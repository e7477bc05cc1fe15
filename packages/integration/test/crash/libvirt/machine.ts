import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { host } from "@cloudhost/core";
import type { HostConfig } from "@cloudhost/core";
import { libvirt } from "@cloudhost/driver-libvirt";
import { Libvirt } from "@cloudhost/libvirt-rpc";
import { linuxNetwork } from "@cloudhost/network-qos";

const run = promisify(execFile);

/** What this machine lacks for the test; `undefined` when it lacks nothing. */
export async function lacking(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "it needs root";
  for (const program of ["ip", "libvirtd", "virtlogd", "qemu-system-x86_64", "qemu-img", "iptables", "ipset", "tc"]) {
    const found = await run("sh", ["-c", 'command -v "$1"', "sh", program]).then(
      () => true,
      () => false,
    );
    if (!found) return `it needs ${program}`;
  }
  return undefined;
}

/** A machine for real guests: a network namespace with two uplinks, and a libvirtd in it that outlives the children. */
export class Machine implements AsyncDisposable {
  readonly folder: string;
  readonly hosts: readonly HostConfig[];
  readonly #netns: string;
  readonly #keeper: ChildProcess;
  readonly #socketPath: string;

  private constructor(folder: string, netns: string, keeper: ChildProcess, socketPath: string) {
    this.folder = folder;
    this.#netns = netns;
    this.#keeper = keeper;
    this.#socketPath = socketPath;
    const speed = { internalKbit: 1_000_000, externalKbit: 1_000_000 };
    this.hosts = [
      host({
        name: "host-1",
        zone: "az-1",
        reserve: { cores: 1, memoryMib: 1024, diskGib: 1 },
        compute: libvirt({ socketPath, virtType: "qemu", milliEcuPerCore: 4000, instancesDir: this.instances }),
        network: linuxNetwork({ internal: "up0", external: "up1", ...speed, netns }),
      }),
    ];
  }

  /** Where the guests' disks are. */
  get instances(): string {
    return join(this.folder, "instances");
  }

  /** @throws Error when this machine cannot: no root, no libvirt, no namespaces */
  static async open(): Promise<Machine> {
    // Short: a socket's path has room for 108 characters.
    const folder = await mkdtemp(join(tmpdir(), "chc-"));
    const netns = `chc-${process.pid}`;
    await run("ip", ["netns", "add", netns]);
    // Not dummies, which some kernels lack: two links whose other ends nobody listens at.
    for (const link of ["up0", "up1"]) {
      await run("ip", ["-n", netns, "link", "add", link, "up", "type", "veth", "peer", "name", `${link}-far`]);
      await run("ip", ["-n", netns, "link", "set", `${link}-far`, "up"]);
    }
    await run("ip", ["-n", netns, "link", "set", "lo", "up"]);
    const program = fileURLToPath(new URL("./keeper.ts", import.meta.url));
    const node = [process.execPath, "--conditions=@cloudhost/source", program, join(folder, "d")];
    // Not `ip netns exec`: that mounts another /sys, and libvirt would find no control groups.
    const keeper = spawn("nsenter", [`--net=/run/netns/${netns}`, ...node], { stdio: ["pipe", "pipe", "inherit"] });
    const [said] = (await Promise.race([
      once(keeper.stdout, "data"),
      once(keeper, "exit").then(() => Promise.reject(new Error("The libvirtd of the test did not start."))),
    ])) as [Buffer];
    const { socketPath } = JSON.parse(said.toString()) as { socketPath: string };
    return new Machine(folder, netns, keeper, socketPath);
  }

  /** What is there: domains by name, taps, and files of guests. */
  async listing(): Promise<{ domains: string[]; taps: string[]; files: string[] }> {
    await using connection = await Libvirt.open({ uri: "qemu:///system", socketPath: this.#socketPath });
    const domains = (await connection.listDomains()).map(({ name }) => name).toSorted();
    const { stdout } = await run("ip", ["-n", this.#netns, "-j", "link"]);
    const links = (JSON.parse(stdout) as { ifname: string }[]).map(({ ifname }) => ifname);
    const files = await readdir(this.instances, { recursive: true }).catch(() => []);
    return {
      domains,
      taps: links.filter((name) => /^ch[0-9a-z]{12}$/.test(name)),
      files: files.toSorted((a, b) => (a < b ? -1 : 1)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#keeper, "exit");
    this.#keeper.stdin?.end();
    await ended;
    await run("ip", ["netns", "del", this.#netns]);
    await rm(this.folder, { recursive: true, force: true });
  }
}
