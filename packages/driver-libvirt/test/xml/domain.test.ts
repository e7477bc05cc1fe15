import { uuidOf } from "@cloudhost/core/ports";
import type { GuestSpec } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { guestFiles } from "../../src/guests/files.ts";
import { parseDomain } from "../../src/guests/record.ts";
import type { DomainHost } from "../../src/xml/domain.ts";
import { domainXml } from "../../src/xml/domain.ts";
import { XmlNode } from "../../src/xml/parse.ts";

const id = "srv_01arz3ndektsv4rrffq69g5fav";
const digest = `sha256:${"0".repeat(64)}`;
const spec: GuestSpec = {
  id,
  name: "web-1",
  vcpus: 2,
  milliEcuPerVcpu: 2000,
  memoryMib: 512,
  disks: [
    { kind: "ephemeral", sizeGib: 5 },
    { kind: "system", sizeGib: 10 },
  ],
  base: { path: "/images/base.raw", format: "raw", digest },
  nics: [
    {
      id: "nic_01arz3ndektsv4rrffq69g5fav",
      tap: "ch0123456789ab",
      mac: "02:00:00:00:00:01",
      address: "10.0.0.5",
      prefixLength: 16,
      gateway: "10.0.0.1",
    },
  ],
};
const host: DomainHost = {
  virtType: "kvm",
  architecture: "x86_64",
  cores: { guestCores: 15, guestSet: "1-15,17-31", hostSet: "0,16" },
  milliEcuPerCore: 4000,
  cgroup: "v1",
  diskCache: "none",
};
const files = guestFiles("/instances", id);
const described = (of: GuestSpec, on: DomainHost = host): XmlNode =>
  XmlNode.parse(domainXml({ host: "host-1", spec: of }, on, files)).one("domain");

describe("a guest's domain", () => {
  it("has the guest's id as its name and the guest's UUID as its own", () => {
    const domain = described(spec);
    expect(domain.one("name").text).toBe(id);
    expect(domain.one("uuid").text).toBe(uuidOf(id));
    expect(domain.one("title").text).toBe("web-1");
    expect(domain.attribute("type")).toBe("kvm");
  });

  it("is held to its EUCU: 2 vCPUs × 2 EUCU on an E5-2650", () => {
    const tuning = described(spec).one("cputune");
    expect(tuning.one("shares").text).toBe("4096");
    expect(tuning.one("period").text).toBe("100000");
    expect(tuning.one("quota").text).toBe("50000");
    // Those that it may get while it runs as well.
    expect(tuning.all("vcpupin").map((pin) => [pin.attribute("vcpu"), pin.attribute("cpuset")])).toEqual(
      Array.from({ length: 8 }, (_, vcpu) => [String(vcpu), "1-15,17-31"]),
    );
    expect(tuning.one("emulatorpin").attribute("cpuset")).toBe("0,16");
    expect(described(spec, { ...host, cgroup: "v2" }).one("cputune", "shares").text).toBe("156");
    const unlimited = described(spec, { ...host, cgroup: undefined }).one("cputune");
    expect([unlimited.all("shares").length, unlimited.all("quota").length, unlimited.all("vcpupin").length]).toEqual([
      0, 0, 8,
    ]);
  });

  it("has its system disk first, and its tap as the network driver made it", () => {
    const devices = described(spec).one("devices");
    expect(
      devices.all("disk").map((disk) => [disk.one("target").attribute("dev"), disk.one("source").attribute("file")]),
    ).toEqual([
      ["vda", files.system],
      ["vdb", files.ephemeral(0)],
    ]);
    const nic = devices.one("interface");
    expect(nic.attribute("type")).toBe("ethernet");
    expect(nic.one("mac").attribute("address")).toBe("02:00:00:00:00:01");
    expect([nic.one("target").attribute("dev"), nic.one("target").attribute("managed")]).toEqual([
      "ch0123456789ab",
      "no",
    ]);
  });

  it("has room to grow: four times its vCPUs and memory, and eight ports", () => {
    const domain = described(spec);
    expect([domain.one("vcpu").attribute("current"), domain.one("vcpu").text]).toEqual(["2", "8"]);
    expect([domain.one("memory").text, domain.one("maxMemory").text]).toEqual(["512", "2048"]);
    expect(domain.one("cpu", "numa", "cell").attribute("memory")).toBe("512");
    expect(domain.one("cpu").attribute("mode")).toBe("host-model");
    const ports = domain.all("devices", "controller").filter((one) => one.attribute("model") === "pcie-root-port");
    // Two disks, an interface and three devices of its own are there already.
    expect(ports).toHaveLength(6 + 8);
  });

  it("has room to grow only where QEMU can give it", () => {
    const large = described({ ...spec, vcpus: 250, memoryMib: 600 * 1024 });
    expect([large.one("vcpu").attribute("current"), large.one("vcpu").text]).toEqual([undefined, "250"]);
    expect(large.all("maxMemory")).toEqual([]);
    const arm = described(spec, { ...host, architecture: "aarch64" });
    expect([arm.one("vcpu").text, arm.all("maxMemory").length, arm.all("cpu", "numa").length]).toEqual(["2", 0, 0]);
  });

  it("boots from the rescue image while it is rescued, its own disks after that", () => {
    const rescued = described({ ...spec, rescue: { base: spec.base } });
    const sources = rescued.all("devices", "disk", "source").map((source) => source.attribute("file"));
    expect(sources).toEqual([files.rescue, files.system, files.ephemeral(0)]);
    expect(rescued.one("os", "boot").attribute("dev")).toBe("hd");
  });

  it("gives data disks a serial number, by which their guest finds them", () => {
    const data = { kind: "data" as const, id: "dsk_01arz3ndektsv4rrffq69g5fav", sizeGib: 1 };
    const disks = described({ ...spec, disks: [data, ...spec.disks] }).all("devices", "disk");
    expect(disks.map((disk) => [disk.one("source").attribute("file"), disk.one("serial").text])).toEqual([
      [files.system, undefined],
      [files.ephemeral(0), undefined],
      [files.data(data.id), data.id.slice(-20)],
    ]);
  });

  it("names disks as the kernel does, however many", () => {
    const disks = [spec.disks[1], ...Array.from({ length: 27 }, () => spec.disks[0])] as GuestSpec["disks"];
    const names = described({ ...spec, disks })
      .all("devices", "disk", "target")
      .map((target) => target.attribute("dev"));
    expect(names.slice(24)).toEqual(["vdy", "vdz", "vdaa", "vdab"]);
  });

  it("starts a kernel where one is given, and the disk otherwise", () => {
    expect(described(spec).one("os", "boot").attribute("dev")).toBe("hd");
    const kernel = { path: "/boot/kernel", format: "raw" as const, digest };
    const direct = described({ ...spec, boot: { kernel, arguments: `root=/dev/vda a="<b>" & c` } });
    expect(direct.one("os", "kernel").text).toBe("/boot/kernel");
    expect(direct.all("os", "initrd")).toEqual([]);
    expect(direct.one("os", "cmdline").text).toBe(`root=/dev/vda a="<b>" & c`);
    expect(direct.all("os", "boot")).toEqual([]);
  });

  it.each([
    `</title></domain><domain>`,
    `"'&<>]]>--`,
    "two\nlines\r\nand a tab\t.",
    "a\0b\u0001 \ud800 \uffff",
    "日本語 😀 é",
    "$(id); `id` ../../x %s {{x}} &amp;#x41;",
  ])("cannot be changed by its name, which comes back whole: %j", (name) => {
    const xml = domainXml({ host: "host-1", spec: { ...spec, name } }, host, files);
    const [domain, ...others] = XmlNode.parse(xml).all("domain");
    expect(others).toEqual([]);
    expect(domain?.all("title")).toHaveLength(1);
    expect(domain?.all("name").map((each) => each.text)).toEqual([id]);
    expect(parseDomain(xml, "host-1")?.record.spec.name).toBe(name);
  });
});
