import type { StrangerGuest, StrangerNic } from "@cloudhost/core/ports";
import { XmlNode } from "./parse.ts";

/** A disk of a domain as libvirt describes it. */
export interface DescribedDisk {
  /** libvirt's name for it: `vda`. */
  readonly target: string;
  /** Its file, or whatever else it is, for people. */
  readonly source: string;
  readonly isFile: boolean;
  readonly format: string;
  readonly shareable: boolean;
}

/** A domain as libvirt describes it, for the next start; whose disks' files nobody has looked at. */
export interface DescribedStranger extends Pick<StrangerGuest, "vcpus" | "memoryMib" | "architecture" | "machine"> {
  readonly disks: readonly DescribedDisk[];
  readonly nics: readonly StrangerNic[];
  /** Devices of the host that it has for itself, for people. */
  readonly passedThrough: readonly string[];
}

/** Reads a domain's description; devices that can only be read, such as a CD, are left out. */
export function parseStranger(xml: string): DescribedStranger {
  const domain = XmlNode.parse(xml).one("domain");
  const devices = domain.one("devices");
  const type = domain.one("os", "type");
  return {
    vcpus: Math.max(1, Number(domain.one("vcpu").text ?? 1)),
    // libvirt describes memory in KiB.
    memoryMib: Math.max(1, Math.ceil(Number(domain.one("memory").text ?? 0) / 1024)),
    architecture: type.attribute("arch") ?? "",
    machine: type.attribute("machine") ?? "",
    disks: devices.all("disk").filter(isWritten).map(diskOf),
    nics: devices.all("interface").map((nic) => ({
      mac: (nic.one("mac").attribute("address") ?? "").toLowerCase(),
      on: [nic.attribute("type"), sourceOf(nic)].filter((part) => part !== undefined && part !== "").join(" "),
    })),
    passedThrough: [
      ...devices.all("hostdev").map((device) => `a ${device.attribute("type") ?? ""} device of the host`),
      ...devices
        .all("interface")
        .filter((nic) => nic.attribute("type") === "hostdev")
        .map(() => "a network device of the host"),
      ...devices.all("filesystem").map((folder) => `the host's folder ${folder.one("source").attribute("dir") ?? ""}`),
      ...devices
        .all("disk")
        .filter(isLun)
        .map((disk) => `the host's device ${sourceOf(disk)}`),
    ],
  };
}

/** The interfaces of a description, each as its own element's text. */
export const interfacesOf = (xml: string): readonly string[] =>
  [...xml.matchAll(/<interface type=.*?<\/interface>/gs)].map(([text]) => text);

const isWritten = (disk: XmlNode): boolean =>
  (disk.attribute("device") ?? "disk") === "disk" && disk.all("readonly").length === 0;

const isLun = (disk: XmlNode): boolean => disk.attribute("device") === "lun";

const diskOf = (disk: XmlNode): DescribedDisk => ({
  target: disk.one("target").attribute("dev") ?? "",
  source: sourceOf(disk),
  isFile: disk.attribute("type") === "file",
  format: disk.one("driver").attribute("type") ?? "raw",
  shareable: disk.all("shareable").length > 0,
});

function sourceOf(device: XmlNode): string {
  const source = device.one("source");
  for (const name of ["file", "dev", "bridge", "network", "volume", "name", "path"]) {
    const value = source.attribute(name);
    if (value !== undefined) return value;
  }
  return "";
}
