import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ComputeInventory } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { coreCompute, countInventory, readCpuModel, readDiskBytes } from "../../src/host/inventory.ts";

const gib = 2 ** 30;
const topology = {
  architecture: "x86_64",
  cpuFamily: "SandyBridge",
  cores: Array.from({ length: 16 }, (_, core) => ({ threads: [core, core + 16] })),
  guestTypes: ["qemu", "kvm"],
};
const reserve = { cores: 1, memoryMib: 2048, diskGib: 20, internalKbit: 0, externalKbit: 0 };

describe("the inventory", () => {
  it("is what the machine has less what the host keeps", () => {
    const cpuModel = "Intel(R) Xeon(R) CPU E5-2650 0 @ 2.00GHz";
    const compute = coreCompute(cpuModel, undefined);
    const facts = {
      topology,
      cpuModel,
      memoryMib: 65_536,
      compute,
      virtType: "kvm" as const,
      reserve,
      diskBytes: 707.9 * gib,
    };
    const inventory = countInventory(facts);
    expect(ComputeInventory.parse(inventory)).toEqual(inventory);
    expect(inventory).toMatchObject({
      guestCores: 15,
      milliEcuPerCore: 4000,
      milliEcuEstimated: false,
      memoryMib: 63_488,
      diskGib: 687,
      hypervisor: "kvm",
    });
    expect(countInventory({ ...facts, diskBytes: 3 * gib, reserve: { ...reserve, memoryMib: 99_999 } })).toMatchObject({
      memoryMib: 0,
      diskGib: 0,
    });
  });

  it("takes an operator's figure for an unknown processor, as an estimate, and never against a known one", () => {
    expect(coreCompute("AMD EPYC", 5000)).toEqual({ milliEcuPerCore: 5000, milliEcuEstimated: true });
    expect(coreCompute("AMD Opteron(TM) Processor 6276", 5000)).toEqual({
      milliEcuPerCore: 3000,
      milliEcuEstimated: false,
    });
  });

  it("refuses an unknown processor without a figure, and says what to do", () => {
    expect(() => coreCompute("AMD EPYC", undefined)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(/AMD EPYC.*calibrate.*milliEcuPerCore/) as string,
        details: { issues: [expect.objectContaining({ path: "milliEcuPerCore" })] },
      }) as Error,
    );
  });

  it("names the processor as the machine does, or else as libvirt does", async () => {
    const dir = await mkdtemp(join(tmpdir(), "cpuinfo-"));
    const path = join(dir, "cpuinfo");
    await writeFile(path, "processor\t: 0\nmodel name\t: Intel(R) Xeon(R)  CPU \nmodel name\t: other\n");
    expect(await readCpuModel(topology, path)).toBe("Intel(R) Xeon(R)  CPU");
    expect(await readCpuModel(topology, join(dir, "missing"))).toBe("SandyBridge");
    await rm(dir, { recursive: true });
  });

  it("counts what guests' disks fill as theirs", async () => {
    const dir = await mkdtemp(join(tmpdir(), "instances-"));
    const before = await readDiskBytes(dir);
    await writeFile(join(dir, "disk"), Buffer.alloc(1 << 20, 7));
    expect(Math.abs((await readDiskBytes(dir)) - before)).toBeLessThan(gib);
    await rm(dir, { recursive: true });
  });
});
