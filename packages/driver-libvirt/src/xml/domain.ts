import { cpuBudget, uuidOf } from "@cloudhost/core/ports";
import type { GuestSpec } from "@cloudhost/core/ports";
import { attachedDisks } from "../guests/files.ts";
import type { GuestFiles } from "../guests/files.ts";
import { recordElement } from "../guests/record.ts";
import type { GuestRecord } from "../guests/record.ts";
import { sharesValue } from "../host/cgroup.ts";
import type { CgroupVersion } from "../host/cgroup.ts";
import type { CoreSplit } from "../host/topology.ts";
import { diskDevice, diskName, networkInterface, readOnlyDisk, serialOf } from "./devices.ts";
import type { DiskDevice } from "./devices.ts";
import { element, renderXml, textElement } from "./element.ts";
import type { Element } from "./element.ts";
import { headRoomOf } from "./head-room.ts";
import type { HeadRoom } from "./head-room.ts";

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
  const headRoom = headRoomOf(spec, host.architecture);
  return renderXml(
    element(
      "domain",
      { type: host.virtType },
      textElement("name", spec.id),
      textElement("uuid", uuidOf(spec.id)),
      textElement("title", spec.name.replaceAll(/[\r\n]+/g, " ")),
      element("metadata", {}, recordElement(record)),
      ...memory(spec, headRoom),
      vcpu(spec, headRoom, host),
      cpuTuning(spec, headRoom, host),
      operatingSystem(spec, host),
      element("features", {}, element("acpi"), host.architecture === "x86_64" ? element("apic") : undefined),
      processor(spec, headRoom, host),
      element("clock", { offset: "utc" }),
      textElement("on_poweroff", "destroy"),
      textElement("on_reboot", "restart"),
      textElement("on_crash", "destroy"),
      devices(spec, headRoom, host, files),
    ),
  );
}

function memory({ memoryMib }: GuestSpec, headRoom: HeadRoom | undefined): Element[] {
  const now = element("memory", { unit: "MiB" }, String(memoryMib));
  if (headRoom === undefined || headRoom.memoryMib === memoryMib) return [now];
  const slots = headRoom.memorySlots;
  return [element("maxMemory", { slots, unit: "MiB" }, String(headRoom.memoryMib)), now];
}

function vcpu({ vcpus }: GuestSpec, headRoom: HeadRoom | undefined, { cores }: DomainHost): Element {
  const most = headRoom?.vcpus ?? vcpus;
  const current = most === vcpus ? undefined : vcpus;
  return element("vcpu", { placement: "static", cpuset: cores.guestSet, current }, String(most));
}

/** libvirt plugs memory only into machines that have memory nodes: this one has one. */
function processor(
  { vcpus, memoryMib }: GuestSpec,
  headRoom: HeadRoom | undefined,
  { virtType }: DomainHost,
): Element | undefined {
  const attributes = virtType === "kvm" ? kvmCpu.attributes : {};
  if (headRoom === undefined) return virtType === "kvm" ? kvmCpu : undefined;
  const cpus = `0-${Math.max(vcpus, headRoom.vcpus) - 1}`;
  const node = element("cell", { id: 0, cpus, memory: memoryMib, unit: "MiB" });
  return element("cpu", attributes, element("numa", {}, node));
}

/** Each vCPU anywhere on the guests' cores and never beyond; QEMU's own threads with the host. */
function cpuTuning(spec: GuestSpec, headRoom: HeadRoom | undefined, host: DomainHost): Element {
  const { shares, periodUs, quotaUsPerVcpu } = cpuBudget(spec, host);
  const limits =
    host.cgroup === undefined
      ? []
      : [
          textElement("shares", sharesValue(shares, host.cgroup)),
          textElement("period", periodUs),
          textElement("quota", quotaUsPerVcpu),
        ];
  // Those that it may get while it runs as well.
  const pins = Array.from({ length: headRoom?.vcpus ?? spec.vcpus }, (_, id) =>
    element("vcpupin", { vcpu: id, cpuset: host.cores.guestSet }),
  );
  return element("cputune", {}, ...limits, ...pins, element("emulatorpin", { cpuset: host.cores.hostSet }));
}

function operatingSystem({ boot: own, rescue }: GuestSpec, { architecture }: DomainHost): Element {
  const boot = rescue === undefined ? own : rescue.boot;
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

function devices(
  spec: GuestSpec,
  headRoom: HeadRoom | undefined,
  { diskCache }: DomainHost,
  files: GuestFiles,
): Element {
  const disks = disksOf(spec, files, diskCache);
  return element(
    "devices",
    {},
    ...disks,
    ...spec.nics.map(networkInterface),
    element("controller", { type: "usb", model: "none" }),
    ...ports(headRoom, disks.length + spec.nics.length),
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

/**
 * While it is rescued, the rescue image is its first disk and the system disk the second one. The seed is before the data
 * disks, so that the others keep their names when those come and go.
 */
function disksOf(spec: GuestSpec, files: GuestFiles, cache: DiskDevice["cache"]): Element[] {
  const own = attachedDisks(spec.disks, files);
  const written = (kinds: "data" | "other") =>
    own
      .filter(({ disk }) => (disk.kind === "data") === (kinds === "data"))
      .map(({ disk, path }) => ({ path, serial: serialOf(disk), isSeed: false }));
  const volumes = [
    ...(spec.rescue === undefined ? [] : [{ path: files.rescue, serial: undefined, isSeed: false }]),
    ...written("other"),
    ...(spec.seed === undefined ? [] : [{ path: files.seed, serial: undefined, isSeed: true }]),
    ...written("data"),
  ];
  return volumes.map(({ path, serial, isSeed }, index) => {
    const target = diskName(index);
    return isSeed ? readOnlyDisk({ path, target }) : diskDevice({ path, target, cache, serial });
  });
}

/** libvirt gives each device a port when it is switched on, and has none to spare unless it is told. */
function ports(headRoom: HeadRoom | undefined, disksAndNics: number): Element[] {
  if (headRoom === undefined) return [];
  const count = disksAndNics + otherDevices + headRoom.devices;
  const port = element("controller", { type: "pci", model: "pcie-root-port" });
  return [element("controller", { type: "pci", model: "pcie-root" }), ...Array.from({ length: count }, () => port)];
}

/** The serial ports' controller, the balloon, and the source of random numbers. */
const otherDevices = 3;
