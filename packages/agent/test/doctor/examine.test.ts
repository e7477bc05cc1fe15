import { describe, expect, it } from "vitest";
import { examine } from "../../src/index.ts";
import type { Finding } from "../../src/index.ts";
import { pretendedMachine } from "../pretended-machine.ts";
import type { Changes } from "../pretended-machine.ts";

const all = (changes: Changes = {}): Promise<readonly Finding[]> => examine({ machine: pretendedMachine(changes) });

const without = (...names: string[]): Readonly<Record<string, undefined>> =>
  Object.fromEntries(names.map((name) => [name, undefined]));

describe("examine", () => {
  it("finds nothing wrong where nothing is", async () => {
    const findings = await all();
    expect(findings.filter(({ level, remedy }) => level !== "ok" || remedy !== null)).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual([
      "platform",
      "node",
      "user",
      "cpu",
      "kvm",
      "qemu",
      "qemu-img",
      "tc",
      "ipset",
      "iptables",
      "conntrack",
      "libvirtd",
      "kernel modules",
      "vhost-net",
      "control groups",
      "connection table",
      "huge pages",
    ]);
  });

  it.each<[string, Changes, string, Finding["level"], RegExp, RegExp]>([
    ["no Linux", { platform: "darwin" }, "platform", "problem", /darwin/, /Fake hosts/],
    ["an old Node", { nodeVersion: "20.20.2" }, "node", "problem", /20\.20\.2/, /Node 24/],
    ["no root", { userId: 1000 }, "user", "warning", /user 1000/, /root/],
    [
      "an unknown processor",
      { files: { "/proc/cpuinfo": "model name\t: Z80\n" } },
      "cpu",
      "warning",
      /Z80/,
      /milliEcuPerCore/,
    ],
    ["no KVM on Intel", { files: without("/dev/kvm") }, "kvm", "warning", /emulated/, /^modprobe kvm_intel$/],
    [
      "no KVM on AMD",
      { files: { ...without("/dev/kvm"), "/proc/cpuinfo": "flags\t\t: fpu svm sse\n" } },
      "kvm",
      "warning",
      /emulated/,
      /^modprobe kvm_amd$/,
    ],
    [
      "no virtualisation at all",
      { files: { ...without("/dev/kvm"), "/proc/cpuinfo": "flags\t\t: fpu sse\n" } },
      "kvm",
      "warning",
      /emulated/,
      /firmware/,
    ],
    ["KVM for others", { denied: ["/dev/kvm"] }, "kvm", "warning", /may not use/, /group kvm/],
    ["no QEMU", { programs: without("qemu-system-x86_64") }, "qemu", "problem", /x86_64/, /qemu-system-x86$/],
    ["no QEMU on ARM", { architecture: "arm64" }, "qemu", "problem", /aarch64/, /qemu-system-arm$/],
    ["no qemu-img", { programs: without("qemu-img") }, "qemu-img", "problem", /qcow2/, /qemu-utils$/],
    ["no ipset", { programs: without("ipset") }, "ipset", "problem", /tenants/, /install ipset$/],
    ["no libvirtd", { refusal: "ENOENT" }, "libvirtd", "problem", /not installed/, /systemctl enable --now libvirtd/],
    ["libvirtd for others", { refusal: "EACCES" }, "libvirtd", "problem", /may not/, /group libvirt/],
    ["a dead libvirtd", { refusal: "ECONNREFUSED" }, "libvirtd", "problem", /ECONNREFUSED/, /restart libvirtd/],
    ["no vhost-net", { files: without("/sys/module/vhost_net") }, "vhost-net", "warning", /QEMU/, /modprobe vhost_net/],
    [
      "no cpu controller",
      { files: { "/sys/fs/cgroup/cgroup.controllers": "cpuset memory\n" } },
      "control groups",
      "problem",
      /cpu controller/,
      /Mount/,
    ],
    [
      "a small connection table",
      { files: { "/proc/sys/net/netfilter/nf_conntrack_max": "65536\n" } },
      "connection table",
      "warning",
      /65536/,
      /modules-load\.d.*sysctl\.d/,
    ],
    [
      "no connection table",
      { files: without("/proc/sys/net/netfilter/nf_conntrack_max") },
      "connection table",
      "warning",
      /not known/,
      /nf_conntrack/,
    ],
    [
      "no huge pages",
      { files: { "/sys/kernel/mm/transparent_hugepage/enabled": "always madvise [never]\n" } },
      "huge pages",
      "warning",
      /off/,
      /madvise/,
    ],
  ])("says of %s how to put it right", async (_, changes, check, level, found, remedy) => {
    const [finding] = (await all(changes)).filter((one) => one.check === check);
    expect(finding?.level).toBe(level);
    expect(finding?.found).toMatch(found);
    expect(finding?.remedy).toMatch(remedy);
  });

  it("knows control groups of version 1", async () => {
    const files = { ...without("/sys/fs/cgroup/cgroup.controllers"), "/sys/fs/cgroup/cpu/cpu.shares": "1024\n" };
    expect(await all({ files })).toContainEqual({
      check: "control groups",
      level: "ok",
      found: "Version 1, with the cpu controller.",
      remedy: null,
    });
  });
});

describe("a kernel module", () => {
  const unloaded = without("/sys/module/ifb", "/sys/module/cls_bpf");
  const levelWith = async (changes: Changes): Promise<string> => {
    const finding = (await all(changes)).find(({ check }) => check === "kernel modules");
    return `${finding?.level}: ${finding?.found}`;
  };
  const builtIn = "/lib/modules/6.1.0-18-amd64/modules.builtin";
  const configuration = "/boot/config-6.1.0-18-amd64";

  it("may be a part of the kernel", async () => {
    const text = "kernel/drivers/net/ifb.ko\nkernel/net/sched/cls_bpf.ko\n";
    expect(await levelWith({ files: { ...unloaded, [builtIn]: text } })).toMatch(/^ok/);
    const options = "#\nCONFIG_IFB=y\nCONFIG_NET_CLS_BPF=y\n";
    expect(await levelWith({ files: { ...unloaded, [configuration]: options } })).toMatch(/^ok/);
    expect(await levelWith({ files: unloaded, programs: { "zcat /proc/config.gz": options } })).toMatch(/^ok/);
  });

  it("may be loaded later", async () => {
    expect(await levelWith({ files: unloaded, programs: { modprobe: "" } })).toMatch(/^ok/);
  });

  it("may be missing", async () => {
    const files = { ...unloaded, [builtIn]: "kernel/drivers/net/tun.ko\n" };
    expect(await levelWith({ files, programs: { modprobe: "fails" } })).toBe("problem: The kernel lacks ifb, cls_bpf.");
    const options = "#\nCONFIG_IFB=y\n# CONFIG_NET_CLS_BPF is not set\n";
    expect(await levelWith({ files: { ...unloaded, [configuration]: options } })).toBe(
      "problem: The kernel lacks cls_bpf.",
    );
  });

  it("may be unknown, where nothing tells", async () => {
    expect(await levelWith({ files: unloaded })).toBe("warning: Whether the kernel has ifb, cls_bpf cannot be told.");
  });
});
