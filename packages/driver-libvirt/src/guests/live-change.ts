import { rm } from "node:fs/promises";
import { CloudHostError } from "@cloudhost/core/ports";
import type { GuestSpec } from "@cloudhost/core/ports";
import { parameter } from "@cloudhost/libvirt-rpc";
import type { Domain } from "@cloudhost/libvirt-rpc";
import { throwIfCancelled } from "../errors.ts";
import { sharesValue } from "../host/cgroup.ts";
import { diskDevice, memoryModule, networkInterface, serialOf } from "../xml/devices.ts";
import { domainXml } from "../xml/domain.ts";
import { element, renderXml } from "../xml/element.ts";
import type { Element } from "../xml/element.ts";
import { parseMachine } from "../xml/machine.ts";
import type { Machine } from "../xml/machine.ts";
import { ensureDisk } from "./disks.ts";
import { placeDisks } from "./files.ts";
import type { FoundGuest, Guests, HostTools } from "./guests.ts";
import { ensureSeed, withoutUserData } from "./seed.ts";
import { planChange } from "./live-plan.ts";
import type { LiveStep } from "./live-plan.ts";

/** So long may a guest's OS take to let a device go. */
const detachMs = 30_000;
const pollMs = 100;
const live = { affect: ["live"] } as const;

/**
 * Changes a guest while it runs, then what libvirt starts the next time, and last of all what we keep with it: until
 * then a repeat finds by the machine itself what is left to do.
 *
 * @throws CloudHostError `UNSUPPORTED` when it takes a restart, `DEADLINE_EXCEEDED` when the guest's OS does not let a
 * device go, `CANCELLED`
 */
export async function changeLive(
  tools: HostTools,
  guests: Guests,
  found: FoundGuest,
  spec: GuestSpec,
  signal?: AbortSignal,
): Promise<void> {
  const { domain, files, record } = found;
  const { milliEcuPerCore } = tools.domainHost;
  const plan = planChange(await machineOf(domain), record.spec, spec, { files, milliEcuPerCore });
  if ("refusal" in plan) throw takesRestart(spec.id, plan.refusal);
  for (const step of plan.steps) {
    throwIfCancelled(signal, `changing ${spec.id}`);
    await take(step, spec, { tools, domain, signal });
  }
  await ensureSeed(spec, files);
  const changed = { ...record, spec: withoutUserData(spec) };
  await tools.libvirt.defineDomain(domainXml(changed, tools.domainHost, files));
  const kept = new Set(placeDisks(spec.disks, files).map(({ path }) => path));
  for (const { path } of placeDisks(record.spec.disks, files)) if (!kept.has(path)) await rm(path, { force: true });
  await guests.keep(found, changed);
}

interface Changing {
  readonly tools: HostTools;
  readonly domain: Domain;
  readonly signal: AbortSignal | undefined;
}

async function take(step: LiveStep, spec: GuestSpec, changing: Changing): Promise<void> {
  const { tools, domain } = changing;
  switch (step.kind) {
    case "attachDisk": {
      const { disk, path } = step.placed;
      await ensureDisk(tools.qemuImg, spec, step.placed);
      const device = { path, target: step.target, cache: tools.domainHost.diskCache, serial: serialOf(disk) };
      return domain.attachDevice(renderXml(diskDevice(device)), live);
    }
    case "attachNic":
      return domain.attachDevice(renderXml(networkInterface(step.nic)), live);
    case "detachDisk": {
      const device = element("disk", { type: "file", device: "disk" }, element("target", { dev: step.target }));
      return detach(device, ({ disks }) => disks.some(({ target }) => target === step.target), changing);
    }
    case "detachNic":
      return detach(networkInterface(step.nic), ({ nics }) => nics.some(({ mac }) => mac === step.nic.mac), changing);
    case "growDisk":
      return domain.resizeDisk(step.target, step.bytes);
    case "addMemory":
      return domain.attachDevice(renderXml(memoryModule(step.memoryMib)), live);
    case "setVcpus":
      return domain.setVcpus(step.vcpus, live);
    case "setBudget":
      return setBudget(step, changing);
  }
}

/** Asks the guest's OS, which does not hear it while it boots, until the device is gone. */
async function detach(device: Element, isThere: (machine: Machine) => boolean, changing: Changing): Promise<void> {
  const { domain, signal, tools } = changing;
  const beganMs = tools.clock.nowMs();
  while (isThere(await machineOf(domain))) {
    throwIfCancelled(signal, `changing ${domain.name}`);
    if (tools.clock.nowMs() - beganMs >= detachMs) throw heldFast(domain);
    try {
      // libvirt itself waits some seconds for the answer.
      await domain.detachDevice(renderXml(device), live);
    } catch (error) {
      if (isThere(await machineOf(domain))) throw error;
    }
    await tools.clock.sleep(pollMs, signal);
  }
}

async function setBudget(
  { budget }: Extract<LiveStep, { kind: "setBudget" }>,
  { tools, domain }: Changing,
): Promise<void> {
  const { cgroup } = tools.domainHost;
  if (cgroup === undefined) return;
  const { shares, periodUs, quotaUsPerVcpu } = budget;
  const parameters = [
    parameter.ullong("cpu_shares", sharesValue(shares, cgroup)),
    parameter.ullong("vcpu_period", periodUs),
    parameter.llong("vcpu_quota", quotaUsPerVcpu),
  ];
  await domain.setSchedulerParameters(parameters, live);
}

const machineOf = async (domain: Domain): Promise<Machine> => parseMachine(await domain.describe());

const takesRestart = (guestId: string, difference: string): CloudHostError =>
  new CloudHostError("UNSUPPORTED", `${guestId} cannot be given ${difference} without a restart.`, {
    feature: `${difference} while it runs`,
    by: "libvirt with QEMU",
  });

function heldFast({ name }: Domain): CloudHostError {
  const what = `wait for the OS of ${name} to let a device go`;
  const details = { what, timeoutMs: detachMs };
  return new CloudHostError("DEADLINE_EXCEEDED", `Gave up to ${what}.`, details, { retryable: true });
}
