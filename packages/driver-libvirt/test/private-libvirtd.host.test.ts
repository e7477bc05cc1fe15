import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Libvirt, VIR } from "@cloudhost/libvirt-rpc";
import type { Domain } from "@cloudhost/libvirt-rpc";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { groupsOfProcess } from "../src/private-libvirtd/cgroups.ts";
import { parseTopology } from "../src/host/topology.ts";
import { startPrivateLibvirtd } from "../src/index.ts";
import type { PrivateLibvirtd } from "../src/index.ts";
import { openTestHost } from "./support/host.ts";
import { processesOf } from "./support/observe.ts";

const host = await openTestHost();
const guestXml =
  "<domain type='qemu'><name>outliver</name><memory unit='MiB'>32</memory><os><type>hvm</type></os>" +
  "<devices><memballoon model='none'/></devices></domain>";

describe.skipIf(host === undefined)("a libvirtd of its own", () => {
  let dir: string;
  let started: PrivateLibvirtd[];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "ch-"));
    started = [];
  });
  afterEach(async () => {
    for (const libvirtd of started) await libvirtd.stop();
    await rm(dir, { recursive: true });
  });
  const start = async (): Promise<PrivateLibvirtd> => {
    const libvirtd = await startPrivateLibvirtd({ dir });
    started.push(libvirtd);
    return libvirtd;
  };
  const open = ({ socketPath }: PrivateLibvirtd): Promise<Libvirt> => Libvirt.open({ socketPath });

  it("knows nothing of the system's guests, has no kvm, and leaves no process", async () => {
    const libvirtd = await start();
    await using libvirt = await open(libvirtd);
    expect(await libvirt.listDomains()).toEqual([]);
    expect(parseTopology(await libvirt.capabilities()).guestTypes).toEqual(["qemu"]);
    await libvirt.createDomain(guestXml);
    expect(await processesOf("guest=outliver,")).toHaveLength(1);
    await libvirtd.stop();
    await libvirtd.stop();
    expect(await processesOf("guest=outliver,")).toEqual([]);
    expect(() => process.kill(libvirtd.pid, 0)).toThrow("ESRCH");
    expect(() => process.kill(libvirtd.virtlogdPid, 0)).toThrow("ESRCH");
  });

  it("takes over from one that nobody stopped, and the guests go on", async () => {
    const first = await start();
    await using before = await open(first);
    const domain = await (
      await before.defineDomain(guestXml)
    )
      .start()
      .then(() => before.findDomain({ name: "outliver" }));
    const second = await start();
    await using libvirt = await open(second);
    const same = (await libvirt.findDomain({ name: "outliver" })) as Domain;
    expect(same.id).toBe(domain?.id);
    expect(await same.state()).toMatchObject({ state: VIR.DOMAIN_RUNNING });
    expect(() => process.kill(first.pid, 0)).toThrow("ESRCH");
  });

  it("ends its guests even when the daemon itself has died", async () => {
    const libvirtd = await start();
    await using libvirt = await open(libvirtd);
    await libvirt.createDomain(guestXml);
    process.kill(libvirtd.pid, "SIGKILL");
    await expect.poll(() => libvirt.hostname().catch(() => "gone")).toBe("gone");
    const [pid] = await processesOf("guest=outliver,");
    const groups = await groupsOfProcess(Number(pid));
    expect(groups.filter((group) => existsSync(group))).not.toEqual([]);
    await libvirtd.stop();
    expect(await processesOf("guest=outliver,")).toEqual([]);
    expect(groups.filter((group) => existsSync(group))).toEqual([]);
  });
});
