import { cpuBudget, uuidOf } from "@cloudhost/core/ports";
import type { DirectBoot, GuestNic } from "@cloudhost/core/ports";
import { placeDisks } from "../guests/files.ts";
import type { GuestFiles } from "../guests/files.ts";
import { recordElement } from "../guests/record.ts";
import type { GuestRecord } from "../guests/record.ts";
import { sharesValue } from "../host/cgroup.ts";
import type { CgroupVersion } from "../host/cgroup.ts";
import type { CoreSplit } from "../host/topology.ts";
import { element, renderXml, textElement } from "./element.ts";
import type { Element } from "./element.ts";

/** The virtio-serial port that a guest writes to when its OS has booted. */
export const bootPort = "cloudhost.boot.0";

/** All that the host's processor has and another of its kind has as well, so that guests can move. */
export const kvmCpu = element("cpu", { mode: "host-model" });

/** What of the host a domain's description depends on. */
export interface DomainHost {
  readonly virtType: "kvm" | "qemu";
  readonly architecture: string;
  readonly cores: CoreSplit;
  readonly milliEcuPerCore: number;
  /** `undefined`: no shares and quotas here. */
  readonly cgroup: CgroupVersion | undefined;
  /** How QEMU reads and writes disks: past the host's cache where the file system can. */
  readonly diskCache: "none" | "writeback";
}

/**
 * A guest as libvirt's domain XML. Pure. The domain's name is the guest's id and its UUID the guest's: a person's name
 * for it, which may be anything, is only its title.
 */
export function domainXml(record: GuestRecord, host: DomainHost, files: GuestFiles): string {
  const { spec } = record;
  return renderXml(
    element(
      "domain",
      { type: host.virtType },
      textElement("name", spec.id),
      textElement("uuid", uuidOf(spec.id)),
      textElement("title", spec.name.replaceAll(/[\r\n]+/g, " ")),
      element("metadata", {}, recordElement(record)),
      element("memory", { unit: "MiB" }, String(spec.memoryMib)),
      element("vcpu", { placement: "static", cpuset: host.cores.guestSet }, String(spec.vcpus)),
      cpuTuning(record, host),
      operatingSystem(spec.boot, host),
      element("features", {}, element("acpi"), host.architecture === "x86_64" ? element("apic") : undefined),
      host.virtType === "kvm" ? kvmCpu : undefined,
      element("clock", { offset: "utc" }),
      textElement("on_poweroff", "destroy"),
      textElement("on_reboot", "restart"),
      textElement("on_crash", "destroy"),
      devices(record, host, files),
    ),
  );
}

/** Each vCPU anywhere on the guests' cores and never beyond; QEMU's own threads with the host. */
function cpuTuning({ spec }: GuestRecord, host: DomainHost): Element {
  const { shares, periodUs, quotaUsPerVcpu } = cpuBudget(spec, host);
  const limits =
    host.cgroup === undefined
      ? []
      : [
          textElement("shares", sharesValue(shares, host.cgroup)),
          textElement("period", periodUs),
          textElement("quota", quotaUsPerVcpu),
        ];
  const pins = Array.from({ length: spec.vcpus }, (_, vcpu) =>
    element("vcpupin", { vcpu, cpuset: host.cores.guestSet }),
  );
  return element("cputune", {}, ...limits, ...pins, element("emulatorpin", { cpuset: host.cores.hostSet }));
}

function operatingSystem(boot: DirectBoot | undefined, { architecture }: DomainHost): Element {
  const machine = architecture === "x86_64" ? "q35" : "virt";
  const type = element("type", { arch: architecture, machine }, "hvm");
  if (boot === undefined) return element("os", {}, type, element("boot", { dev: "hd" }));
  return element(
    "os",
    {},
    type,
    textElement("kernel", boot.kernel.path),
    boot.initrd === undefined ? undefined : textElement("initrd", boot.initrd.path),
    boot.arguments === "" ? undefined : textElement("cmdline", boot.arguments),
  );
}

function devices({ spec }: GuestRecord, { diskCache }: DomainHost, files: GuestFiles): Element {
  const disks = placeDisks(spec.disks, files).map(({ path }, index) =>
    element(
      "disk",
      { type: "file", device: "disk" },
      element("driver", { name: "qemu", type: "qcow2", cache: diskCache, discard: "unmap" }),
      element("source", { file: path }),
      element("target", { dev: diskName(index), bus: "virtio" }),
    ),
  );
  return element(
    "devices",
    {},
    ...disks,
    ...spec.nics.map(networkInterface),
    element("controller", { type: "usb", model: "none" }),
    element("serial", { type: "file" }, element("source", { path: files.console, append: "on" })),
    element(
      "channel",
      { type: "file" },
      // Emptied at each start: whatever is in it, this run's OS has written.
      element("source", { path: files.boot, append: "off" }),
      element("target", { type: "virtio", name: bootPort }),
    ),
    element("memballoon", { model: "virtio" }),
    element("rng", { model: "virtio" }, element("backend", { model: "random" }, "/dev/urandom")),
  );
}

/** `vda` to `vdz`, then `vdaa`, as the kernel goes on. */
function diskName(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? `vd${last}` : `${diskName(Math.floor(index / 26) - 1)}${last}`;
}

/** A tap that the network driver made and takes away again: libvirt shall not. */
const networkInterface = ({ mac, tap }: GuestNic): Element =>
  element(
    "interface",
    { type: "ethernet" },
    element("mac", { address: mac }),
    element("target", { dev: tap, managed: "no" }),
    element("model", { type: "virtio" }),
  );
