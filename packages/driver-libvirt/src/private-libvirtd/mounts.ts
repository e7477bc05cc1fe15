import { join } from "node:path";

/** One command that runs inside the daemon's mount namespace: a program and its arguments. */
export type NamespaceCommand = readonly [program: string, ...args: string[]];

/** Folders of the system that the daemon has of its own, and where they lie below its folder. */
const replaced = [
  ["etc", "/etc/libvirt"],
  ["lib", "/var/lib/libvirt"],
  ["cache", "/var/cache/libvirt"],
  ["log", "/var/log/libvirt"],
  ["run", "/run"],
] as const;

/** Devices that QEMU and libvirt use, where the machine has them. Without `kvm`: see {@link namespaceCommands}. */
const devices = ["null", "zero", "full", "random", "urandom", "tty", "vhost-net", "net/tun"];

/** Folders to make below the daemon's folder before it starts. */
export const privateFolders = [
  ...replaced.map(([name]) => name),
  "dev",
  "etc/qemu/networks/autostart",
  "lib/qemu",
  "lib/dnsmasq",
  "cache/qemu",
  "log/qemu",
  "run/libvirt",
  "run/lock",
] as const;

/**
 * What makes a fresh mount namespace the daemon's own: its configuration, state, logs and sockets lie below `dir`, and
 * nothing of the system's libvirt is touched.
 *
 * @param kvm `hide` gives it a `/dev` without the kvm node: where KVM is there but does not work, libvirt otherwise
 * tries it again with every definition, which takes most of a minute each time
 * @param present which of the machine's devices are there, by their path below `/dev`
 */
export function namespaceCommands(
  dir: string,
  kvm: "hide" | "keep",
  present: (device: string) => boolean,
): NamespaceCommand[] {
  const binds = replaced.map(([name, over]): NamespaceCommand => ["mount", "--bind", join(dir, name), over]);
  return kvm === "keep" ? binds : [...deviceCommands(join(dir, "dev"), present), ...binds];
}

function deviceCommands(dev: string, present: (device: string) => boolean): NamespaceCommand[] {
  const shared = ["pts", "shm", "mqueue", "hugepages"].filter(present);
  return [
    ["mount", "-t", "tmpfs", "-o", "mode=755,size=64k", "cloudhost", dev],
    ["mkdir", "-p", join(dev, "net"), ...shared.map((name) => join(dev, name))],
    ...devices.filter(present).map((name): NamespaceCommand => ["cp", "-a", join("/dev", name), join(dev, name)]),
    ...shared.map((name): NamespaceCommand => ["mount", "--bind", join("/dev", name), join(dev, name)]),
    ["ln", "-s", "pts/ptmx", join(dev, "ptmx")],
    ["ln", "-s", "/proc/self/fd", join(dev, "fd")],
    ["mount", "--move", dev, "/dev"],
  ];
}

/** QEMU's part of the configuration: as root, since the daemon is, and without what needs the system's services. */
export const qemuConfiguration = [
  'user = "root"',
  'group = "root"',
  'security_driver = "none"',
  "remember_owner = 0",
  "namespaces = []",
  "",
].join("\n");
