import { execFile } from "node:child_process";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/folder.ts";

const packageFolder = fileURLToPath(new URL("../..", import.meta.url));
const bin = join(packageFolder, "bin/cloudhost-images.js");
const source = "--conditions=@cloudhost/source";

const node = async (...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, args)) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
};

describe("bin/cloudhost-images.js", () => {
  it("says what it needs on a Node that is too old", async () => {
    const pretend = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.19.0" } })`;
    const ran = await node("--import", `data:text/javascript,${encodeURIComponent(pretend)}`, bin, "--help");
    expect(ran).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^cloudhost-images needs Node 24/) as string,
    });
  });

  it("works, and ends with the command's code", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "disk"), "a disk");
    expect(await node(source, bin, "store", join(folder.path, "repo"), "one", join(folder.path, "disk"))).toMatchObject(
      {
        code: 0,
        stdout: expect.stringContaining("one is stored") as string,
      },
    );
    expect(await node(source, bin, "list", join(folder.path, "nothing"))).toMatchObject({ code: 3 });
  });

  it("runs from a clone that was not built", async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, "bin"));
    await cp(join(packageFolder, "package.json"), join(folder.path, "package.json"));
    await cp(bin, join(folder.path, "bin/cloudhost-images.js"));
    await symlink(join(packageFolder, "src"), join(folder.path, "src"));
    const ran = await node(join(folder.path, "bin/cloudhost-images.js"), "--help");
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining("Begin with:") as string });
  });
});
