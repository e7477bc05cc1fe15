import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cpuSetOf, parseCpuSet, readCores } from "../../src/libvirt/cores.ts";

describe("physical cores", () => {
  it("are counted once, whatever their hardware threads; what is offline is not there", async () => {
    const root = await mkdtemp(join(tmpdir(), "cloudhost-quickstart-"));
    for (const [cpu, siblings] of Object.entries({
      cpu0: "0,4",
      cpu1: "1,5",
      cpu4: "0,4",
      cpu5: "1,5",
      cpu10: "2,10",
    })) {
      await mkdir(join(root, cpu, "topology"), { recursive: true });
      await writeFile(join(root, cpu, "topology/thread_siblings_list"), `${siblings}\n`);
    }
    await mkdir(join(root, "cpu7"));
    await mkdir(join(root, "cpufreq"));
    expect(await readCores(root)).toEqual([
      [0, 4],
      [1, 5],
      [2, 10],
    ]);
    await rm(root, { recursive: true });
  });

  it.each([
    ["1", [1]],
    ["0-3", [0, 1, 2, 3]],
    ["0-1,16-17", [0, 1, 16, 17]],
    ["2,10", [2, 10]],
  ])("are written as the kernel writes them: %s", (text, cpus) => {
    expect(parseCpuSet(text)).toEqual(cpus);
    expect(cpuSetOf(cpus.map((cpu) => [cpu]))).toBe(text);
  });

  it("are none where there are none", () => {
    expect(cpuSetOf([])).toBe("");
  });
});
