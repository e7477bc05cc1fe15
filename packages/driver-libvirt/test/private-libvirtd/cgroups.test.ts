import { describe, expect, it } from "vitest";
import { guestGroups } from "../../src/private-libvirtd/cgroups.ts";

describe("a guest's control groups", () => {
  it("are found in every hierarchy of version 1", () => {
    const membership = [
      "9:name=systemd:/",
      "4:cpu,cpuacct:/machine/qemu-1-web.libvirt-qemu/emulator",
      "3:memory:/machine/qemu-1-web.libvirt-qemu",
      "0::/",
      "",
    ].join("\n");
    expect(guestGroups(membership)).toEqual([
      "/sys/fs/cgroup/cpu,cpuacct/machine/qemu-1-web.libvirt-qemu",
      "/sys/fs/cgroup/memory/machine/qemu-1-web.libvirt-qemu",
    ]);
  });

  it("are found in version 2, wherever it is mounted", () => {
    expect(guestGroups("0::/machine/qemu-1-web.libvirt-qemu/libvirt/emulator\n")).toEqual([
      "/sys/fs/cgroup/machine/qemu-1-web.libvirt-qemu",
      "/sys/fs/cgroup/unified/machine/qemu-1-web.libvirt-qemu",
    ]);
  });

  it("are none of a process that is no guest", () => {
    expect(guestGroups("0::/user.slice/machine/else\n")).toEqual([]);
    expect(guestGroups("")).toEqual([]);
  });
});
