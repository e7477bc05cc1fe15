import type { Machine } from "../src/index.ts";

/** What of a machine a test changes. */
export interface Changes extends Partial<Pick<Machine, "platform" | "architecture" | "nodeVersion" | "userId">> {
  /** Files with their text; `undefined` takes one away. */
  readonly files?: Readonly<Record<string, string | undefined>>;
  /** Files that this user may not use. */
  readonly denied?: readonly string[];
  /** Programs with what they print; `undefined` takes one away. */
  readonly programs?: Readonly<Record<string, string | undefined>>;
  /** Why nobody answers on the sockets. */
  readonly refusal?: string;
}

const release = "6.1.0-18-amd64";
const modules = ["tun", "bridge", "ifb", "sch_htb", "sch_ingress", "cls_bpf", "cls_u32", "act_mirred"];
const modulesOfNetfilter = ["ip_set", "xt_set", "xt_bpf", "nf_conntrack", "vhost_net"];

const files: Readonly<Record<string, string>> = {
  "/proc/sys/kernel/osrelease": `${release}\n`,
  "/proc/cpuinfo": "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) CPU E5-2650 0 @ 2.00GHz\nflags\t\t: fpu vmx sse\n",
  "/dev/kvm": "",
  "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n",
  "/proc/sys/net/netfilter/nf_conntrack_max": "262144\n",
  "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
  ...Object.fromEntries([...modules, ...modulesOfNetfilter].map((name) => [`/sys/module/${name}`, ""])),
};

const programs: Readonly<Record<string, string>> = {
  "qemu-system-x86_64": "QEMU emulator version 7.2.22\nCopyright (c) …",
  "qemu-img": "qemu-img version 7.2.22",
  tc: "tc utility, iproute2-6.1.0",
  ipset: "ipset v7.17",
  iptables: "iptables v1.8.9 (nf_tables)",
  conntrack: "conntrack v1.4.7",
};

/** A machine on which all is well, but for some changes. */
export function pretendedMachine(changes: Changes = {}): Machine {
  const { platform = "linux", architecture = "x64", nodeVersion = "24.1.0", userId = 0, denied = [] } = changes;
  const allFiles: Readonly<Record<string, string | undefined>> = { ...files, ...changes.files };
  const allPrograms: Readonly<Record<string, string | undefined>> = { ...programs, ...changes.programs };
  return {
    platform,
    architecture,
    nodeVersion,
    userId,
    read: async (path) => allFiles[path],
    access: async (path) => (denied.includes(path) ? "denied" : allFiles[path] === undefined ? "missing" : "usable"),
    async run(program, ...args) {
      // A program with its last argument is a case of its own: `modprobe vhost_net`.
      const stdout = allPrograms[[program, args.at(-1)].join(" ")] ?? allPrograms[program];
      return stdout === undefined ? undefined : { exitCode: stdout === "fails" ? 1 : 0, stdout };
    },
    connect: async () => changes.refusal,
  };
}
