import type { GuestSpec } from "@cloudhost/core/ports";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDomain, recordElement } from "../../src/guests/record.ts";
import type { GuestRecord } from "../../src/guests/record.ts";
import { element, renderXml } from "../../src/xml/element.ts";
import type { Element } from "../../src/xml/element.ts";

const digest = `sha256:${"0".repeat(64)}`;
const spec: GuestSpec = {
  id: "srv_01arz3ndektsv4rrffq69g5fav",
  name: "web-1",
  vcpus: 1,
  milliEcuPerVcpu: 1000,
  memoryMib: 128,
  disks: [{ kind: "system", sizeGib: 1 }],
  base: { path: "/images/base.raw", format: "raw", digest },
  nics: [],
};
const domain = (record: GuestRecord, attributes: Record<string, number> = {}, ...more: Element[]): string =>
  renderXml(element("domain", attributes, element("metadata", {}, recordElement(record)), ...more));

describe("what is kept with a domain", () => {
  it("comes back, whatever the guest is called", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (name) => {
        const record: GuestRecord = { host: "host-1", spec: { ...spec, name } };
        expect(parseDomain(domain(record), "host-1")?.record).toEqual(record);
      }),
    );
  });

  it("comes back however much it is", () => {
    const nic = {
      id: "nic_01arz3ndektsv4rrffq69g5fav",
      tap: "ch0123456789ab",
      mac: "02:00:00:00:00:01",
      address: "10.0.0.5",
      prefixLength: 16,
      gateway: "10.0.0.1",
    };
    const record: GuestRecord = { host: "host-1", spec: { ...spec, nics: Array.from({ length: 500 }, () => nic) } };
    expect(parseDomain(domain(record), "host-1")?.record).toEqual(record);
  });

  it("is understood and kept when a newer version wrote more into it", () => {
    const record = { host: "host-1", spec: { ...spec, volumes: ["vol_1"] }, rescue: true };
    expect(parseDomain(domain(record), "host-1")?.record).toEqual(record);
  });

  it("has the last reboot, and the run that it was to end", () => {
    const reboot = { commandId: "cmd_01arz3ndektsv4rrffq69g5fav", endsRun: 3, done: false };
    const found = parseDomain(domain({ host: "host-1", spec, reboot }, { id: 4 }), "host-1");
    expect(found).toEqual({ record: { host: "host-1", spec, reboot }, run: 4, mirror: undefined });
  });

  it("tells of a copy of the system disk, and whether it has caught up", () => {
    const disk = (ready: string | undefined): Element =>
      element(
        "devices",
        {},
        element(
          "disk",
          {},
          element("target", { dev: "vdb" }),
          element("mirror", {}, element("source", { file: "/other" })),
        ),
        element(
          "disk",
          {},
          element("target", { dev: "vda" }),
          element("mirror", { ready }, element("source", { file: "/copy" })),
        ),
      );
    const mirror = (ready: string | undefined): unknown =>
      parseDomain(domain({ host: "host-1", spec }, { id: 1 }, disk(ready)), "host-1")?.mirror;
    expect(mirror(undefined)).toEqual({ path: "/copy", ready: false });
    expect(mirror("yes")).toEqual({ path: "/copy", ready: true });
    expect(mirror("abort")).toEqual({ path: "/copy", ready: false });
  });

  it("is not seen in strangers' domains, another host's, or what is damaged", () => {
    expect(parseDomain("<domain><name>stranger</name></domain>", "host-1")).toBeUndefined();
    expect(parseDomain(domain({ host: "host-2", spec }), "host-1")).toBeUndefined();
    const damaged = domain({ host: "host-1", spec }).replace("memoryMib", "memory");
    expect(parseDomain(damaged, "host-1")).toBeUndefined();
    expect(parseDomain(domain({ host: "host-1", spec }).replace("{", ""), "host-1")).toBeUndefined();
  });
});
