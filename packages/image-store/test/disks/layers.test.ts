import { link, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blockNode, diskLayers } from "../../src/disks/layers.ts";
import { qcow2Magic } from "../../src/disks/qcow2-header.ts";
import { temporaryFolder } from "../support/folder.ts";

/** A qcow2 header of version 2 and nothing behind it. */
function overlay(backing: string): Buffer {
  const bytes = Buffer.alloc(1024);
  qcow2Magic.copy(bytes);
  bytes.writeUInt32BE(2, 4);
  bytes.writeBigUInt64BE(300n, 8);
  bytes.writeUInt32BE(backing.length, 16);
  bytes.writeUInt32BE(16, 20);
  bytes.writeBigUInt64BE(4096n, 24);
  bytes.writeUInt32BE(0xe2792aca, 72);
  bytes.writeUInt32BE(3, 76);
  bytes.write("raw", 80);
  bytes.write(backing, 300);
  return bytes;
}

async function scene(
  backing: string,
): Promise<{ top: string; base: string; file(name: string): string } & AsyncDisposable> {
  const folder = await temporaryFolder();
  const file = (name: string): string => join(folder.path, name);
  await writeFile(file("base"), "raw disk");
  await writeFile(file("top"), overlay(backing));
  return { top: file("top"), base: file("base"), file, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

describe("the layers of a disk", () => {
  it("are the files that its headers name, each said to the tool by its path", async () => {
    await using stage = await scene("base");
    const layers = await diskLayers(stage.top, "qcow2", [stage.base, stage.top]);
    expect(layers).toEqual([
      { path: stage.top, format: "qcow2", virtualBytes: 4096 },
      { path: stage.base, format: "raw", virtualBytes: undefined },
    ]);
    expect(blockNode(layers)).toEqual({
      driver: "qcow2",
      file: { driver: "file", filename: stage.top },
      backing: { driver: "raw", file: { driver: "file", filename: stage.base } },
    });
  });

  it("end where a header names none, and the tool is told so", async () => {
    await using stage = await scene("base");
    await writeFile(stage.top, overlay("").fill(0, 8, 16));
    expect(blockNode(await diskLayers(stage.top, "qcow2"))).toMatchObject({ backing: null });
  });

  it("may be reached through a symbolic link to what is allowed", async () => {
    await using stage = await scene("link");
    await symlink(stage.base, stage.file("link"));
    const layers = await diskLayers(stage.top, "qcow2", [stage.top, stage.base]);
    expect(layers[1]?.path).toBe(stage.base);
  });

  const refused = { code: "INVALID_ARGUMENT" };

  it("are refused where a symbolic link leads elsewhere", async () => {
    await using stage = await scene("link");
    await symlink("/etc/hostname", stage.file("link"));
    await expect(diskLayers(stage.top, "qcow2", [stage.top, stage.base])).rejects.toMatchObject(refused);
    await expect(diskLayers(stage.top, "qcow2", [stage.top])).rejects.toMatchObject(refused);
  });

  it("are refused where they go round", async () => {
    await using stage = await scene("top");
    await expect(diskLayers(stage.top, "qcow2", [stage.top, stage.base])).rejects.toMatchObject(refused);
  });

  for (const backing of ["nbd://127.0.0.1/disk", 'json:{"driver":"raw"}', "fat:/etc", "file:base"]) {
    it(`are refused where one is ${backing}`, async () => {
      await using stage = await scene(backing);
      await expect(diskLayers(stage.top, "qcow2", [stage.top, stage.base])).rejects.toMatchObject(refused);
    });
  }

  it("are refused where a format is not said: the guest could have written it", async () => {
    await using stage = await scene("base");
    await writeFile(stage.top, overlay("base").fill(0, 72, 90));
    await expect(diskLayers(stage.top, "qcow2", [stage.top, stage.base])).rejects.toMatchObject(refused);
  });

  it("are refused where one is no plain file, without waiting for it", async () => {
    await using stage = await scene("base");
    await expect(diskLayers("/dev/zero", "raw")).rejects.toMatchObject(refused);
    await link(stage.base, stage.file("other"));
    await expect(diskLayers(stage.file("absent"), "raw")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
