import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Libvirt, VIR } from "@cloudhost/libvirt-rpc";
import type { TestHost } from "./host.ts";

const run = promisify(execFile);

/** The name of a domain that was made by hand. */
export const strangerName = (key: string): string => `by-hand-${key.slice(0, 8)}`;

/** A domain as somebody may have made it by hand, on a machine and with an interface that are not as ours are. */
export const strangerXml = (key: string, devices: string): string =>
  `<domain type='qemu'><name>${strangerName(key)}</name><uuid>${key}</uuid><memory unit='MiB'>64</memory>` +
  `<vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os><devices>${devices}` +
  `<interface type='user'><mac address='52:54:00:12:34:56'/></interface></devices></domain>`;

/** A qcow2 disk of a domain. */
export const strangerDisk = (path: string, target = "hda"): string =>
  `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${path}'/>` +
  `<target dev='${target}' bus='ide'/></disk>`;

/** Defines a domain by hand, with a disk of its own; its firmware finds nothing to boot. */
export async function makeStranger(
  { dir, libvirtd }: TestHost,
  power: "running" | "stopped",
): Promise<{ readonly key: string; readonly disk: string }> {
  const key = randomUUID();
  const disk = join(dir, `${key}.qcow2`);
  await run("qemu-img", ["create", "-q", "-f", "qcow2", disk, "1G"]);
  await using libvirt = await Libvirt.open({ socketPath: libvirtd.socketPath });
  const domain = await libvirt.defineDomain(strangerXml(key, strangerDisk(disk)));
  if (power === "running") await domain.start();
  return { key, disk };
}

/** All that libvirt and the kernel say of a domain, and its disk's size and time. */
export async function pictureOf({ libvirtd }: TestHost, key: string, disk: string): Promise<unknown> {
  await using libvirt = await Libvirt.open({ socketPath: libvirtd.socketPath });
  const domain = await libvirt.findDomain({ uuid: key });
  if (domain === undefined) return undefined;
  const { state } = await domain.state();
  const runs = state === VIR.DOMAIN_RUNNING;
  const pinned = { dom: domain.ref, maplen: 1, flags: VIR.DOMAIN_AFFECT_LIVE };
  return {
    state,
    definition: await domain.describe({ flags: VIR.DOMAIN_XML_INACTIVE }),
    limits: runs ? await domain.schedulerParameters() : undefined,
    vcpus: runs ? await libvirt.call("domainGetVcpuPinInfo", { ...pinned, ncpumaps: 1 }) : undefined,
    emulator: runs ? await libvirt.call("domainGetEmulatorPinInfo", pinned) : undefined,
    metadata: /<metadata>/.test(await domain.describe()),
    diskBytes: (await stat(disk)).size,
  };
}

/** Removes what is left of it. */
export async function removeStranger({ libvirtd }: TestHost, key: string, disk: string): Promise<void> {
  await using libvirt = await Libvirt.open({ socketPath: libvirtd.socketPath });
  const domain = await libvirt.findDomain({ uuid: key });
  if (domain !== undefined) {
    await domain.destroy().catch(() => {});
    await domain.undefine({ flags: VIR.DOMAIN_UNDEFINE_MANAGED_SAVE });
  }
  await rm(disk, { force: true });
}
