import { describe, expect, it } from "vitest";
import { interfacesOf, parseStranger } from "../../src/xml/stranger.ts";

const domain = (devices: string): string =>
  `<domain type='kvm'><memory unit='KiB'>1048577</memory><currentMemory unit='KiB'>1024</currentMemory>
  <vcpu placement='static' current='1'>4</vcpu><os><type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type></os>
  <devices>${devices}</devices></domain>`;

describe("a domain of others", () => {
  it("is read at its largest, without what it can only read", () => {
    const xml = domain(`<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/a.qcow2'/>
      <target dev='sda' bus='sata'/></disk>
      <disk type='file' device='cdrom'><source file='/debian.iso'/><target dev='sdb'/><readonly/></disk>
      <interface type='bridge'><mac address='52:54:00:AA:BB:CC'/><source bridge='br0'/></interface>`);
    expect(parseStranger(xml)).toEqual({
      vcpus: 4,
      memoryMib: 1025,
      architecture: "x86_64",
      machine: "pc-i440fx-7.2",
      disks: [{ target: "sda", source: "/a.qcow2", isFile: true, format: "qcow2", shareable: false }],
      nics: [{ mac: "52:54:00:aa:bb:cc", on: "bridge br0" }],
      passedThrough: [],
    });
    expect(interfacesOf(xml)).toHaveLength(1);
  });

  it("tells of disks that are no files, and of devices of the host", () => {
    const xml = domain(`<disk type='network' device='disk'><source protocol='rbd' name='pool/disk'/>
      <target dev='vda'/><shareable/></disk><disk type='block' device='lun'><source dev='/dev/sdx'/></disk>
      <hostdev mode='subsystem' type='pci'/><interface type='hostdev'><mac address='52:54:00:00:00:01'/></interface>
      <filesystem type='mount'><source dir='/srv'/></filesystem>`);
    const { disks, passedThrough } = parseStranger(xml);
    expect(disks).toMatchObject([{ source: "pool/disk", isFile: false, format: "raw", shareable: true }]);
    expect(passedThrough).toEqual([
      "a pci device of the host",
      "a network device of the host",
      "the host's folder /srv",
      "the host's device /dev/sdx",
    ]);
  });
});
