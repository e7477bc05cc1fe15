import type { GuestDisk, GuestNic, GuestSpec } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { guestFiles } from "../../src/guests/files.ts";
import { planChange } from "../../src/guests/live-plan.ts";
import type { LivePlan } from "../../src/guests/live-plan.ts";
import type { Machine } from "../../src/xml/machine.ts";

const id = "srv_01arz3ndektsv4rrffq69g5fav";
const digest = `sha256:${"0".repeat(64)}`;
const files = guestFiles("/instances", id);
const data = (letter: string, sizeGib = 1): Extract<GuestDisk, { kind: "data" }> => ({
  kind: "data",
  id: `dsk_01arz3ndektsv4rrffq69g5fa${letter}`,
  sizeGib,
});
const nic = (last: number): GuestNic => ({
  id: "nic_01arz3ndektsv4rrffq69g5fav",
  tap: `ch0123456789a${last}`,
  mac: `02:00:00:00:00:0${last}`,
  address: "10.0.0.5",
  prefixLength: 16,
  gateway: "10.0.0.1",
});
const spec: GuestSpec = {
  id,
  name: "web-1",
  vcpus: 2,
  milliEcuPerVcpu: 2000,
  memoryMib: 1024,
  disks: [{ kind: "system", sizeGib: 10 }, data("a")],
  base: { path: "/images/base.raw", format: "raw", digest },
  nics: [nic(1)],
};
const machine: Machine = {
  vcpus: 2,
  mostVcpus: 8,
  memoryMib: 1024,
  mostMemoryMib: 4096,
  freeMemorySlots: 16,
  disks: [
    { path: files.system, target: "vda" },
    { path: files.data(data("a").id), target: "vdb" },
  ],
  nics: [nic(1)],
  freePorts: 2,
};
const plan = (changes: Partial<GuestSpec>, of: Partial<Machine> = {}): LivePlan =>
  planChange({ ...machine, ...of }, spec, { ...spec, ...changes }, { files, milliEcuPerCore: 4000 });

describe("a change of a running guest", () => {
  it("is nothing where it is so already", () => {
    expect(plan({})).toEqual({ steps: [] });
    expect(plan({ name: "web-2" })).toEqual({ steps: [] });
  });

  it("adds what is missing, and changes the budget last", () => {
    expect(plan({ vcpus: 3, memoryMib: 1280 })).toEqual({
      steps: [
        { kind: "addMemory", memoryMib: 256 },
        { kind: "setVcpus", vcpus: 3 },
        { kind: "setBudget", budget: { shares: 6144, periodUs: 100_000, quotaUsPerVcpu: 50_000 } },
      ],
    });
  });

  it("lets go before it takes, so that ports are free", () => {
    const disks = [...spec.disks.slice(0, 1), data("b"), data("c")];
    expect(plan({ disks, nics: [nic(2)] }, { freePorts: 1 })).toMatchObject({
      steps: [
        { kind: "detachDisk", target: "vdb" },
        { kind: "detachNic", nic: { mac: nic(1).mac } },
        { kind: "attachDisk", target: "vdc" },
        { kind: "attachDisk", target: "vdd" },
        { kind: "attachNic", nic: { mac: nic(2).mac } },
      ],
    });
  });

  it("takes a disk out that is detached, and puts it back", () => {
    const detached = { ...data("a"), detached: true as const };
    const out = [{ kind: "detachDisk", target: "vdb" }];
    expect(plan({ disks: [...spec.disks.slice(0, 1), detached] })).toEqual({ steps: out });
    const without = { disks: machine.disks.slice(0, 1) };
    expect(plan({}, without)).toMatchObject({ steps: [{ kind: "attachDisk", target: "vdb" }] });
  });

  it("goes on where it was cut off", () => {
    const wanted = { memoryMib: 1280, disks: [...spec.disks, data("b")], vcpus: 3 };
    const half = {
      memoryMib: 1280,
      disks: [...machine.disks, { path: files.data(data("b").id), target: "vdc" }],
    };
    expect(plan(wanted, half)).toMatchObject({ steps: [{ kind: "setVcpus" }, { kind: "setBudget" }] });
  });

  it("lets disks grow, and leaves the rescue disk alone", () => {
    const rescued = {
      disks: [
        { path: files.rescue, target: "vda" },
        { path: files.system, target: "vdb" },
        { path: files.data(data("a").id), target: "vdc" },
      ],
    };
    expect(plan({ disks: [{ kind: "system", sizeGib: 11 }, data("a")] }, rescued)).toEqual({
      steps: [{ kind: "growDisk", target: "vdb", bytes: 11n * 2n ** 30n }],
    });
  });

  it.each<[string, Partial<GuestSpec>, Partial<Machine>, string]>([
    ["fewer vCPUs", { vcpus: 1 }, {}, "1 vCPUs in the place of 2"],
    ["more vCPUs than it has room for", { vcpus: 9 }, {}, "9 vCPUs, where it was started with room for 8"],
    ["less memory", { memoryMib: 512 }, {}, "512 MiB less memory"],
    ["more memory than it has room for", { memoryMib: 8192 }, {}, "8192 MiB of memory, where it was started"],
    ["a piece of a block of memory", { memoryMib: 1088 }, {}, "64 MiB more memory, which is no multiple of 128"],
    ["memory without a slot", { memoryMib: 1152 }, { freeMemorySlots: 0 }, "each of its slots is taken"],
    ["more devices than ports", { nics: [nic(1), nic(2)] }, { freePorts: 0 }, "1 more devices, where it has 0"],
    ["a smaller disk", { disks: [{ kind: "system", sizeGib: 9 }, data("a")] }, {}, "a smaller disk system"],
    ["no system disk", { disks: [data("a")] }, {}, "no system disk"],
    ["another base", { base: { ...spec.base, digest: `sha256:${"1".repeat(64)}` } }, {}, "another base"],
    ["a rescue image", { rescue: { base: spec.base } }, {}, "another rescue"],
  ])("is refused for %s", (_what, changes, of, refusal) => {
    expect(plan(changes, of)).toEqual({ refusal: expect.stringContaining(refusal) as string });
  });

  it("takes memory in larger blocks where the guest is large", () => {
    const large = { memoryMib: 64 * 1024, mostMemoryMib: 256 * 1024 };
    expect(plan({ memoryMib: 65 * 1024 }, large)).toHaveProperty("refusal");
    expect(plan({ memoryMib: 66 * 1024 }, large)).toEqual({ steps: [{ kind: "addMemory", memoryMib: 2048 }] });
  });
});
