import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findCpuController, sharesValue } from "../../src/host/cgroup.ts";

const sharesOfEcu = (ecu: number): number => ecu * 1024;

describe("shares", () => {
  it("are EUCU × 1024 on cgroup v1, within the kernel's limits", () => {
    expect(sharesValue(sharesOfEcu(1), "v1")).toBe(1024);
    expect(sharesValue(sharesOfEcu(60), "v1")).toBe(61_440);
    expect(sharesValue(sharesOfEcu(300), "v1")).toBe(262_144);
    expect(sharesValue(1, "v1")).toBe(2);
  });

  it("are a weight on cgroup v2, which has room for more than 9 EUCU", () => {
    expect(sharesValue(sharesOfEcu(1), "v2")).toBe(39);
    expect(sharesValue(sharesOfEcu(10), "v2")).toBe(391);
    expect(sharesValue(sharesOfEcu(256), "v2")).toBe(10_000);
    expect(sharesValue(sharesOfEcu(1000), "v2")).toBe(10_000);
    expect(sharesValue(2, "v2")).toBe(1);
  });

  it("keep their proportions on cgroup v2 to 2 %", () => {
    for (const ecu of [1, 2, 3, 4, 8, 16, 32, 64, 128]) {
      const ratio = sharesValue(sharesOfEcu(2 * ecu), "v2") / sharesValue(sharesOfEcu(ecu), "v2");
      expect(Math.abs(ratio - 2)).toBeLessThan(0.04);
    }
  });
});

describe("findCpuController", () => {
  let root: string;
  beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), "cgroup-"))));
  afterEach(() => rm(root, { recursive: true }));

  it.each(["cpu", "cpu,cpuacct"])("finds version 1 at %s", async (name) => {
    await mkdir(join(root, name));
    await writeFile(join(root, name, "cpu.shares"), "1024");
    // As on a system that mounts both, with the CPU controller in the old one.
    await writeFile(join(root, "cgroup.controllers"), "hugetlb\n");
    expect(await findCpuController(root)).toBe("v1");
  });

  it("finds version 2", async () => {
    await writeFile(join(root, "cgroup.controllers"), "cpuset cpu io memory\n");
    expect(await findCpuController(root)).toBe("v2");
  });

  it("finds none where the system has none to give", async () => {
    await writeFile(join(root, "cgroup.controllers"), "cpuset memory\n");
    expect(await findCpuController(root)).toBeUndefined();
    expect(await findCpuController(join(root, "missing"))).toBeUndefined();
  });
});
