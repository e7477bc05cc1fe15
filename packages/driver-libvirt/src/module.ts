import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { CloudHostError, computeDriverModule, noExtensions } from "@cloudhost/core/ports";
import type { DriverContext } from "@cloudhost/core/ports";
import { Libvirt } from "@cloudhost/libvirt-rpc";
import { LibvirtComputeDriver } from "./driver.ts";
import { callTimeoutMs, translated } from "./errors.ts";
import { Changes } from "./guests/changes.ts";
import { Guests } from "./guests/guests.ts";
import type { HostTools } from "./guests/guests.ts";
import { findCpuController } from "./host/cgroup.ts";
import { chooseDiskCache } from "./host/disk-cache.ts";
import { coreCompute, countInventory, readCpuModel, readDiskBytes } from "./host/inventory.ts";
import { probeKvm } from "./host/probe-kvm.ts";
import { parseTopology, splitCores } from "./host/topology.ts";
import type { CoreSplit, HostTopology } from "./host/topology.ts";
import { LibvirtOptions } from "./options.ts";
import { QemuImg } from "./tools/qemu-img.ts";

/** Where this module is, for `DriverConfig`. */
export const moduleUrl = import.meta.url;

export default computeDriverModule({
  options: LibvirtOptions,
  open: (options, context) => translated({ host: context.host, what: "open the host" }, () => open(options, context)),
});

async function open(options: LibvirtOptions, context: DriverContext): Promise<LibvirtComputeDriver> {
  const { host, clock, logger, reserve, stateDir } = context;
  const qemuImg = await QemuImg.find();
  const instancesDir = options.instancesDir ?? join(stateDir, "instances");
  await mkdir(instancesDir, { recursive: true, mode: 0o711 });
  await using opening = new AsyncDisposableStack();
  const { uri, socketPath } = options;
  const libvirt = opening.use(await Libvirt.open({ uri, socketPath, callTimeoutMs }));

  const topology = parseTopology(await libvirt.capabilities());
  const cores = splitFor(topology, reserve.cores);
  const cpuModel = await readCpuModel(topology);
  const { memory: memoryKib } = await libvirt.call("nodeGetInfo", {}, { lane: "monitoring" });
  const memoryMib = Math.floor(Number(memoryKib) / 1024);
  const compute = coreCompute(cpuModel, options.milliEcuPerCore);
  const virtType = await chooseVirtType(options.virtType, topology, { libvirt, context });
  const cgroup = await findCpuController();
  const domainHost = {
    virtType,
    architecture: topology.architecture,
    cores,
    milliEcuPerCore: compute.milliEcuPerCore,
    cgroup,
    diskCache: await chooseDiskCache(instancesDir),
  };
  logger.info({ host, virtType, cgroup, guestCores: cores.guestCores }, "libvirt host opened");

  const tools: HostTools = { host, libvirt, qemuImg, clock, instancesDir, domainHost };
  const guests = new Guests(tools);
  // QEMU's machines of other architectures take no processors while they run, and were not tried with the rest.
  const canPlug = topology.architecture === "x86_64";
  const changes = new Changes({ libvirt, guests, clock, logger });
  opening.move();
  return new LibvirtComputeDriver({
    tools,
    guests,
    changes,
    capabilities: {
      ...noExtensions,
      cpuQuota: cgroup !== undefined,
      guestReady: true,
      directBoot: true,
      rescue: true,
      pause: true,
      suspend: true,
      liveResize: canPlug,
      liveDisks: canPlug,
      liveNics: canPlug,
      moveDisks: true,
      keepDisks: true,
      consoleLog: true,
      adopt: true,
    },
    inventory: async () => {
      const diskBytes = await readDiskBytes(instancesDir);
      return countInventory({ topology, cpuModel, memoryMib, compute, virtType, reserve, diskBytes });
    },
  });
}

/** A host without a core for guests could be reported, but no guest of it could be pinned anywhere. */
function splitFor(topology: HostTopology, reserved: number): CoreSplit {
  const cores = splitCores(topology.cores, reserved);
  if (cores.guestCores > 0) return cores;
  return { ...cores, guestSet: cores.hostSet };
}

async function chooseVirtType(
  wanted: LibvirtOptions["virtType"],
  topology: HostTopology,
  { libvirt, context }: { readonly libvirt: Libvirt; readonly context: DriverContext },
): Promise<"kvm" | "qemu"> {
  const { clock, stateDir, host } = context;
  const { architecture, guestTypes } = topology;
  if (wanted === "auto") {
    return guestTypes.includes("kvm") && (await probeKvm({ libvirt, clock, architecture, stateDir, host }))
      ? "kvm"
      : "qemu";
  }
  if (guestTypes.includes(wanted)) return wanted;
  const remedy =
    wanted === "kvm"
      ? "enable virtualisation in the firmware and load kvm_intel or kvm_amd"
      : `apt-get install qemu-system-${architecture === "aarch64" ? "arm" : "x86"}`;
  throw new CloudHostError("DEPENDENCY_MISSING", `This host's libvirt runs no ${wanted} guests: ${remedy}.`, {
    dependency: wanted,
    remedy,
  });
}
