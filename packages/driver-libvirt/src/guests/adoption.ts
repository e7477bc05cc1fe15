import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { CloudHostError, cpuBudget } from "@cloudhost/core/ports";
import type { AdoptGuest, StrangerGuest } from "@cloudhost/core/ports";
import { parameter, VIR } from "@cloudhost/libvirt-rpc";
import type { Domain } from "@cloudhost/libvirt-rpc";
import { sharesValue } from "../host/cgroup.ts";
import { networkInterface } from "../xml/devices.ts";
import { renderXml } from "../xml/element.ts";
import { interfacesOf, parseStranger } from "../xml/stranger.ts";
import { cpuMap } from "./cpu-map.ts";
import type { Guests, HostTools } from "./guests.ts";
import { readOriginal, writeOriginal } from "./original.ts";
import type { Original } from "./original.ts";
import { metadataNamespace, metadataPrefix, recordXml } from "./record.ts";
import type { GuestRecord } from "./record.ts";
import { findStrangers } from "./strangers.ts";

type Affect = readonly ("live" | "config")[];
type LiveOriginal = NonNullable<Original["live"]>;

/**
 * Makes a stranger a guest of ours. What it was is written down first, and the entry that makes it ours comes last: what
 * was cut off in between is a stranger still, and is taken up again or given back from what was written down.
 * @throws CloudHostError `NOT_FOUND`, `UNSUPPORTED`, `CONFLICT`
 */
export async function adoptGuest(tools: HostTools, guests: Guests, guest: AdoptGuest): Promise<void> {
  const present = await guests.find(guest.id);
  if (present?.record.adopted?.key === guest.key) return;
  const { domain, stranger } = await strangerOf(tools, guest);
  const files = guests.files(guest.id);
  const before = await readOriginal(files);
  const original = before?.key === guest.key ? before : await originalOf(tools, domain, guest.key);
  if (before?.key !== guest.key) await writeOriginal(files, original);
  const affect: Affect = original.live === null ? ["config"] : ["live", "config"];
  await holdToBudget(tools, domain, { ...guest, vcpus: stranger.vcpus }, affect);
  if (guest.nics.length > 0) await replaceInterfaces(domain, original, guest);
  const record = recordOf(tools.host, guest, stranger, parseStranger(original.xml).disks[0]?.target ?? "");
  await domain.setMetadata(
    { namespace: metadataNamespace, prefix: metadataPrefix, xml: recordXml(record) },
    { affect: [...affect] },
  );
}

/** Gives an adopted guest back as it was but for its power; one whose adoption was cut off as well. */
export async function disownGuest(tools: HostTools, guests: Guests, guestId: string): Promise<void> {
  const files = guests.files(guestId);
  const original = await readOriginal(files);
  if (original === undefined) return;
  const domain = await tools.libvirt.findDomain({ uuid: original.key });
  if (domain !== undefined) {
    await tools.libvirt.defineDomain(original.xml);
    const run = await runOf(domain);
    if (run !== undefined && run === original.live?.run) await giveBackRun(tools, domain, original.live);
    if (run !== undefined) {
      const none = { namespace: metadataNamespace, prefix: metadataPrefix, xml: null };
      await domain.setMetadata(none, { affect: ["live"] });
    }
    guests.forget(domain.uuid);
  }
  await rm(files.dir, { recursive: true, force: true });
}

/** @throws CloudHostError `UNSUPPORTED` for a guest that was adopted */
export function refuseAdopted({ adopted, spec }: GuestRecord, what: string): void {
  if (adopted === undefined) return;
  const feature = `${what} of a guest that was taken over`;
  throw new CloudHostError("UNSUPPORTED", `${spec.id}: this cannot be done: ${feature}.`, { feature, by: "libvirt" });
}

async function strangerOf(
  tools: HostTools,
  { key, memoryMib, nics, vcpus }: AdoptGuest,
): Promise<{ readonly domain: Domain; readonly stranger: StrangerGuest }> {
  for await (const { domain, guest } of findStrangers(tools)) {
    if (guest.key !== key) continue;
    if (guest.obstacles.length > 0) {
      const feature = guest.obstacles.map(({ detail }) => detail).join("; ");
      throw new CloudHostError("UNSUPPORTED", `${key} cannot be adopted: ${feature}.`, { feature, by: "libvirt" });
    }
    if (guest.vcpus > vcpus || guest.memoryMib > memoryMib) {
      const state = `${guest.vcpus} vCPUs and ${guest.memoryMib} MiB`;
      const details = { state, allowed: [`at most ${vcpus} vCPUs and ${memoryMib} MiB`] };
      throw new CloudHostError("CONFLICT", `${key} has ${state}, more than it is to have.`, details);
    }
    if (guest.power === "suspended") {
      // Its memory has a definition of its own with it, which it would go on with.
      const details = { state: guest.power, allowed: ["running", "paused", "stopped"] };
      throw new CloudHostError("CONFLICT", `${key} is suspended: start it, or throw its memory away.`, details);
    }
    if (nics.length > 0 && guest.power !== "stopped") {
      const details = { state: guest.power, allowed: ["stopped"] };
      throw new CloudHostError("CONFLICT", `${key} is ${guest.power}: only a stopped one gets interfaces.`, details);
    }
    return { domain, stranger: guest };
  }
  const details = { resource: "guest", id: key };
  throw new CloudHostError("NOT_FOUND", `The host has no guest of others ${key}.`, details);
}

async function originalOf(tools: HostTools, domain: Domain, key: string): Promise<Original> {
  const xml = await domain.describe({ flags: VIR.DOMAIN_XML_INACTIVE | VIR.DOMAIN_XML_SECURE });
  const run = await runOf(domain);
  if (run === undefined) return { key, xml, live: null };
  const limits = tools.domainHost.cgroup === undefined ? null : await limitsOf(domain);
  return { key, xml, live: { run, limits, ...(await pinsOf(tools, domain, parseStranger(xml).vcpus)) } };
}

async function limitsOf(domain: Domain): Promise<LiveOriginal["limits"]> {
  const { cpu_shares: shares, vcpu_period: periodUs, vcpu_quota: quotaUs } = await domain.schedulerParameters();
  return { shares: String(shares), periodUs: String(periodUs), quotaUs: String(quotaUs) };
}

/** Where its vCPUs and QEMU's own threads may run, as maps of the host's processors. */
async function pinsOf(
  { libvirt }: HostTools,
  domain: Domain,
  vcpus: number,
): Promise<Pick<LiveOriginal, "vcpuMaps" | "emulatorMap">> {
  const maplen = Math.ceil(availableParallelism() / 8);
  const asked = { dom: domain.ref, maplen, flags: VIR.DOMAIN_AFFECT_LIVE };
  const { cpumaps, num } = await libvirt.call("domainGetVcpuPinInfo", { ...asked, ncpumaps: vcpus });
  const emulator = await libvirt.call("domainGetEmulatorPinInfo", asked);
  const vcpuMaps = Array.from({ length: num }, (_, vcpu) =>
    Buffer.from(cpumaps.subarray(vcpu * maplen, (vcpu + 1) * maplen)).toString("base64"),
  );
  return { vcpuMaps, emulatorMap: Buffer.from(emulator.cpumaps).toString("base64") };
}

/** libvirt's id of a domain's run. */
async function runOf(domain: Domain): Promise<number | undefined> {
  const id = /^<domain [^>]*\bid='(\d+)'/.exec(await domain.describe())?.[1];
  return id === undefined ? undefined : Number(id);
}

async function holdToBudget(
  { domainHost, libvirt }: HostTools,
  domain: Domain,
  guest: Pick<AdoptGuest, "vcpus" | "milliEcuPerVcpu">,
  affect: Affect,
): Promise<void> {
  const { cgroup, cores } = domainHost;
  if (cgroup !== undefined) {
    const { shares, periodUs, quotaUsPerVcpu } = cpuBudget(guest, domainHost);
    const parameters = [
      parameter.ullong("cpu_shares", sharesValue(shares, cgroup)),
      parameter.ullong("vcpu_period", periodUs),
      parameter.llong("vcpu_quota", quotaUsPerVcpu),
    ];
    await domain.setSchedulerParameters(parameters, { affect: [...affect] });
  }
  const flags = affect.reduce(
    (sum, each) => sum | (each === "live" ? VIR.DOMAIN_AFFECT_LIVE : VIR.DOMAIN_AFFECT_CONFIG),
    0,
  );
  const ours = cpuMap(cores.guestSet);
  for (let vcpu = 0; vcpu < guest.vcpus; vcpu += 1)
    await libvirt.call("domainPinVcpuFlags", { dom: domain.ref, vcpu, cpumap: ours, flags });
  await libvirt.call("domainPinEmulator", { dom: domain.ref, cpumap: cpuMap(cores.hostSet), flags });
}

async function giveBackRun({ libvirt }: HostTools, domain: Domain, live: LiveOriginal): Promise<void> {
  const flags = VIR.DOMAIN_AFFECT_LIVE;
  if (live.limits !== null) {
    const { periodUs, quotaUs, shares } = live.limits;
    const parameters = [
      parameter.ullong("cpu_shares", BigInt(shares)),
      parameter.ullong("vcpu_period", BigInt(periodUs)),
      parameter.llong("vcpu_quota", BigInt(quotaUs)),
    ];
    await domain.setSchedulerParameters(parameters, { affect: ["live"] });
  }
  for (const [vcpu, map] of live.vcpuMaps.entries())
    await libvirt.call("domainPinVcpuFlags", { dom: domain.ref, vcpu, cpumap: Buffer.from(map, "base64"), flags });
  const cpumap = Buffer.from(live.emulatorMap, "base64");
  await libvirt.call("domainPinEmulator", { dom: domain.ref, cpumap, flags });
}

/** Begins from the original each time, so that it may be repeated. */
async function replaceInterfaces(domain: Domain, { xml }: Original, { nics }: AdoptGuest): Promise<void> {
  const config = { affect: ["config" as const] };
  const present = await domain.describe({ flags: VIR.DOMAIN_XML_INACTIVE });
  const has = (mac: string): boolean => parseStranger(present).nics.some((nic) => nic.mac === mac);
  for (const element of interfacesOf(xml)) {
    const [nic] = parseStranger(`<domain><devices>${element}</devices></domain>`).nics;
    if (nic !== undefined && has(nic.mac)) await domain.detachDevice(element, config);
  }
  for (const nic of nics) if (!has(nic.mac)) await domain.attachDevice(renderXml(networkInterface(nic)), config);
}

function recordOf(
  host: string,
  { id, key, milliEcuPerVcpu, nics }: AdoptGuest,
  { disks: [disk], memoryMib, name, vcpus }: StrangerGuest,
  target: string,
): GuestRecord {
  const format = disk?.format === "raw" ? ("raw" as const) : ("qcow2" as const);
  const path = disk?.source ?? "";
  // Stands for content that nobody sealed: no image has this digest.
  const digest = `stranger:${createHash("sha256").update(key).digest("hex")}`;
  return {
    host,
    spec: {
      id,
      name,
      vcpus,
      milliEcuPerVcpu,
      memoryMib,
      disks: [{ kind: "system", sizeGib: disk?.sizeGib ?? 1 }],
      base: { path, format, digest },
      nics,
    },
    adopted: { key, disk: { path, format, target } },
  };
}
