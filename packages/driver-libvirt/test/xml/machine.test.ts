import { describe, expect, it } from "vitest";
import { parseMachine } from "../../src/xml/machine.ts";

const port = (index: number): string =>
  `<controller type='pci' index='${index}' model='pcie-root-port'><model name='pcie-root-port'/>` +
  `<address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x${index}' multifunction='on'/></controller>`;

/** As libvirt 9 describes a domain that was given memory, a disk and an interface while it ran. */
const running = `<domain type='qemu' id='3'>
  <maxMemory slots='16' unit='KiB'>786432</maxMemory>
  <memory unit='KiB'>327680</memory>
  <currentMemory unit='KiB'>327680</currentMemory>
  <vcpu placement='static' cpuset='1' current='3'>4</vcpu>
  <devices>
    <disk type='file' device='disk'>
      <source file='/instances/srv/system.qcow2' index='1'/><target dev='vda' bus='virtio'/>
      <address type='pci' domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>
    </disk>
    <disk type='file' device='disk'>
      <source file='/instances/srv/data.qcow2' index='2'/><target dev='vdb' bus='virtio'/>
      <address type='pci' domain='0x0000' bus='0x0a' slot='0x00' function='0x0'/>
    </disk>
    <interface type='ethernet'>
      <mac address='02:00:00:00:00:01'/><target dev='ch0123456789ab' managed='no'/>
      <address type='pci' domain='0x0000' bus='0x03' slot='0x00' function='0x0'/>
    </interface>
    <controller type='pci' index='0' model='pcie-root'/>
    ${[1, 2, 3, 4, 5, 10].map(port).join("")}
    <controller type='virtio-serial' index='0'>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </controller>
    <memory model='dimm'><target><size unit='KiB'>131072</size><node>0</node></target></memory>
  </devices>
</domain>`;

describe("a running guest's machine", () => {
  it("is read from what libvirt tells of it", () => {
    expect(parseMachine(running)).toEqual({
      vcpus: 3,
      mostVcpus: 4,
      memoryMib: 320,
      mostMemoryMib: 768,
      freeMemorySlots: 15,
      disks: [
        { path: "/instances/srv/system.qcow2", target: "vda" },
        { path: "/instances/srv/data.qcow2", target: "vdb" },
      ],
      nics: [{ mac: "02:00:00:00:00:01", tap: "ch0123456789ab" }],
      freePorts: 2,
    });
  });

  it("has no room to grow where none was asked for", () => {
    const plain = "<domain id='1'><memory unit='KiB'>65536</memory><vcpu>2</vcpu><devices/></domain>";
    expect(parseMachine(plain)).toMatchObject({
      vcpus: 2,
      mostVcpus: 2,
      memoryMib: 64,
      mostMemoryMib: 64,
      freeMemorySlots: 0,
      freePorts: 0,
    });
  });
});
