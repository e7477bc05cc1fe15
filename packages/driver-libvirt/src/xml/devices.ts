import type { GuestDisk, GuestNic, GuestSpec } from "@cloudhost/core/ports";
import { element, textElement } from "./element.ts";
import type { Element } from "./element.ts";

/** A disk as its guest has it. */
export interface DiskDevice {
  readonly path: string;
  /** `vda`: libvirt's name for it, and mostly the guest's. */
  readonly target: string;
  /** How QEMU reads and writes it: past the host's cache where the file system can. */
  readonly cache: "none" | "writeback";
  /** What a guest finds it by in `/dev/disk/by-id/virtio-…`, whatever its name there. */
  readonly serial?: string | undefined;
}

/** A disk of ours: always a qcow2. */
export const diskDevice = ({ path, target, cache, serial }: DiskDevice): Element =>
  element(
    "disk",
    { type: "file", device: "disk" },
    element("driver", { name: "qemu", type: "qcow2", cache, discard: "unmap" }),
    element("source", { file: path }),
    element("target", { dev: target, bus: "virtio" }),
    serial === undefined ? undefined : textElement("serial", serial),
  );

/** A volume that its guest only reads. */
export const readOnlyDisk = ({ path, target }: Pick<DiskDevice, "path" | "target">): Element =>
  element(
    "disk",
    { type: "file", device: "disk" },
    element("driver", { name: "qemu", type: "raw" }),
    element("source", { file: path }),
    element("target", { dev: target, bus: "virtio" }),
    element("readonly"),
  );

/** A data disk's serial number: as much of its id as virtio has room for, from the end, which no two ids share. */
export const serialOf = (disk: GuestDisk): string | undefined =>
  disk.kind === "data" ? disk.id.slice(-20) : undefined;

/** `vda` to `vdz`, then `vdaa`, as the kernel goes on. */
export function diskName(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? `vd${last}` : `${diskName(Math.floor(index / 26) - 1)}${last}`;
}

/** A tap that the network driver made and takes away again: libvirt shall not. */
export const networkInterface = ({ mac, tap }: Pick<GuestNic, "mac" | "tap">): Element =>
  element(
    "interface",
    { type: "ethernet" },
    element("mac", { address: mac }),
    element("target", { dev: tap, managed: "no" }),
    element("model", { type: "virtio" }),
  );

/** Memory that is plugged in while the guest runs. */
export const memoryModule = (memoryMib: number): Element =>
  element(
    "memory",
    { model: "dimm" },
    element("target", {}, element("size", { unit: "MiB" }, String(memoryMib)), textElement("node", 0)),
  );

/** Which of libvirt's names the system disk has. */
export const systemTarget = ({ rescue }: Pick<GuestSpec, "rescue">): string => diskName(rescue === undefined ? 0 : 1);
