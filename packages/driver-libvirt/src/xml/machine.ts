import { XmlNode } from "./parse.ts";

/** A running guest's machine as libvirt describes it: what it has, and what it could still get. */
export interface Machine {
  readonly vcpus: number;
  readonly mostVcpus: number;
  readonly memoryMib: number;
  readonly mostMemoryMib: number;
  readonly freeMemorySlots: number;
  readonly disks: readonly { readonly path: string; readonly target: string }[];
  readonly nics: readonly { readonly mac: string; readonly tap: string }[];
  /** Disks and interfaces that can be added. */
  readonly freePorts: number;
}

/** Reads the description of a domain that runs. */
export function parseMachine(xml: string): Machine {
  const domain = XmlNode.parse(xml).one("domain");
  const vcpu = domain.one("vcpu");
  const mostVcpus = Number(vcpu.text);
  const memoryMib = mibOf(domain.one("memory"));
  const slots = Number(domain.one("maxMemory").attribute("slots") ?? 0);
  const devices = domain.one("devices");
  return {
    vcpus: Number(vcpu.attribute("current") ?? mostVcpus),
    mostVcpus,
    memoryMib,
    mostMemoryMib: slots === 0 ? memoryMib : mibOf(domain.one("maxMemory")),
    freeMemorySlots: slots - devices.all("memory").length,
    disks: devices.all("disk").map((disk) => ({
      path: disk.one("source").attribute("file") ?? "",
      target: disk.one("target").attribute("dev") ?? "",
    })),
    nics: devices.all("interface").map((nic) => ({
      mac: nic.one("mac").attribute("address") ?? "",
      tap: nic.one("target").attribute("dev") ?? "",
    })),
    freePorts: freePorts(devices),
  };
}

/** libvirt describes memory in KiB. */
const mibOf = (node: XmlNode): number => Math.floor(Number(node.text) / 1024);

/** Root ports whose bus nothing is on: each takes one device. */
function freePorts(devices: XmlNode): number {
  const ports = devices
    .all("controller")
    .filter((controller) => controller.attribute("model") === "pcie-root-port")
    .map((controller) => Number(controller.attribute("index")));
  const taken = new Set(devices.children().flatMap((device) => device.all("address").map(busOf)));
  return ports.filter((port) => !taken.has(port)).length;
}

const busOf = (address: XmlNode): number | undefined =>
  address.attribute("type") === "pci" ? Number(address.attribute("bus")) : undefined;
