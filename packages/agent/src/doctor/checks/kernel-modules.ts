import { ok, problem, warning } from "../finding.ts";
import type { Check } from "../finding.ts";
import type { Machine } from "../machine.ts";

/** What the network driver and libvirt need of the kernel: modules, and what its configuration calls them. */
const neededModules = {
  tun: "TUN",
  bridge: "BRIDGE",
  ifb: "IFB",
  sch_htb: "NET_SCH_HTB",
  sch_ingress: "NET_SCH_INGRESS",
  cls_bpf: "NET_CLS_BPF",
  cls_u32: "NET_CLS_U32",
  act_mirred: "NET_ACT_MIRRED",
  ip_set: "IP_SET",
  xt_set: "NETFILTER_XT_SET",
  xt_bpf: "NETFILTER_XT_MATCH_BPF",
  nf_conntrack: "NF_CONNTRACK",
} as const;

/** Each is loaded, built in, or can be loaded. */
export const modulesCheck: Check = {
  name: "kernel modules",
  async look(machine) {
    const names = Object.entries(neededModules);
    const kernel = await readKernel(machine);
    const found = await Promise.all(names.map(([name, option]) => hasModule(machine, kernel, name, option)));
    const which = (wanted: Found): string =>
      names.flatMap(([name], index) => (found[index] === wanted ? [name] : [])).join(", ");
    if (found.includes("no")) {
      return problem(
        `The kernel lacks ${which("no")}.`,
        "Run the distribution's usual kernel (on Debian linux-image-amd64) rather than a reduced one.",
      );
    }
    if (found.includes("unknown")) {
      return warning(
        `Whether the kernel has ${which("unknown")} cannot be told.`,
        "Install the kernel's modules (/lib/modules), or its configuration (/boot/config-…).",
      );
    }
    return ok(`All ${names.length} that are needed are there.`);
  },
};

/** Faster networks for guests. */
export const vhostCheck: Check = {
  name: "vhost-net",
  async look(machine) {
    const found = await hasModule(machine, await readKernel(machine), "vhost_net", "VHOST_NET");
    if (found === "yes") return ok("It is there.");
    return warning("The kernel has no vhost_net: guests' packets take a way through QEMU.", "modprobe vhost_net");
  },
};

type Found = "yes" | "no" | "unknown";

/** What the kernel says of itself; each may be missing. */
interface Kernel {
  /** The modules that are a part of it. */
  readonly builtIn: string | undefined;
  readonly configuration: string | undefined;
}

async function readKernel({ read, run }: Machine): Promise<Kernel> {
  const release = ((await read("/proc/sys/kernel/osrelease")) ?? "").trim();
  const unpacked = async (): Promise<string | undefined> => {
    const ran = await run("zcat", "/proc/config.gz");
    return ran?.exitCode === 0 ? ran.stdout : undefined;
  };
  return {
    builtIn: await read(`/lib/modules/${release}/modules.builtin`),
    configuration: (await read(`/boot/config-${release}`)) ?? (await unpacked()),
  };
}

async function hasModule(machine: Machine, kernel: Kernel, name: string, option: string): Promise<Found> {
  if ((await machine.access(`/sys/module/${name}`)) !== "missing") return "yes";
  if (kernel.builtIn?.includes(`/${name}.ko`) === true) return "yes";
  if (kernel.configuration?.includes(`\nCONFIG_${option}=y\n`) === true) return "yes";
  // Only asks whether it could be loaded.
  const asked = await machine.run("modprobe", "--dry-run", "--quiet", name);
  if (asked?.exitCode === 0) return "yes";
  return kernel.builtIn === undefined && kernel.configuration === undefined ? "unknown" : "no";
}
