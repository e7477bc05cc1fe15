import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cpioArchive } from "../../guest/cpio.ts";
import { modulesInOrder } from "../../guest/modules.ts";

describe("the guest's first file system", () => {
  it("is an archive as the kernel takes it", () => {
    const archive = cpioArchive([
      { path: "bin", kind: "folder" },
      { path: "bin/a", kind: "file", content: Buffer.from("hello"), executable: true },
      { path: "bin/b", kind: "link", target: "a" },
    ]);
    expect(archive.length % 4).toBe(0);
    // Magic, then thirteen numbers of eight hexadecimal digits: the mode is the second, the size the seventh.
    const headers = [...archive.toString("latin1").matchAll(/070701([0-9a-f]{104})([^\0]+)\0/g)];
    const numberAt = (header: RegExpMatchArray, index: number): number =>
      parseInt((header[1] ?? "").slice(index * 8, index * 8 + 8), 16);
    expect(headers.map((header) => [header[2], numberAt(header, 1).toString(8), numberAt(header, 6)])).toEqual([
      ["bin", "40755", 0],
      ["bin/a", "100755", 5],
      ["bin/b", "120777", 1],
      ["TRAILER!!!", "0", 0],
    ]);
    expect(archive.toString("latin1")).toContain("hello");
  });

  it("has its modules in the order in which they need each other", async () => {
    const dir = await mkdtemp(join(tmpdir(), "modules-"));
    const module = async (file: string, depends: string): Promise<string> => {
      await writeFile(join(dir, file), `\x7fELF\0license=GPL\0depends=${depends}\0name=x\0`);
      return join(dir, file);
    };
    const files = [
      await module("virtio_pci.ko", "virtio_ring,virtio"),
      await module("virtio.ko", "virtio_ring"),
      await module("virtio_ring.ko", ""),
      await module("virtio-rng.ko", "virtio"),
    ];
    const names = (await modulesInOrder(["virtio_pci", "virtio_rng"], files)).map(({ name }) => name);
    expect(names).toEqual(["virtio_ring", "virtio", "virtio_pci", "virtio_rng"]);
    await expect(modulesInOrder(["missing"], files)).rejects.toThrow(/no module missing/);
    await rm(dir, { recursive: true });
  });
});
