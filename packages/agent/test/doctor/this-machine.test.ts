import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { thisMachine } from "../../src/doctor/this-machine.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cloudhost-agent-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("this machine", () => {
  it("reads what is there", async () => {
    const path = join(folder, "file");
    await writeFile(path, "text");
    expect(await thisMachine.read(path)).toBe("text");
    expect(await thisMachine.read(`${path}.not`)).toBeUndefined();
    expect(await thisMachine.access(path)).toBe("usable");
    expect(await thisMachine.access(`${path}.not`)).toBe("missing");
  });

  it("starts programs, and says when there is none", async () => {
    expect(await thisMachine.run("node", "--print", "6 * 7")).toEqual({ exitCode: 0, stdout: "42\n" });
    expect(await thisMachine.run("node", "--eval", "process.exit(3)")).toMatchObject({ exitCode: 3 });
    expect(await thisMachine.run("no-such-program")).toBeUndefined();
  });

  it("knows whether somebody listens", async () => {
    const path = join(folder, "socket");
    expect(await thisMachine.connect(path)).toBe("ENOENT");
    const server = createServer();
    server.listen(path);
    await once(server, "listening");
    expect(await thisMachine.connect(path)).toBeUndefined();
    server.close();
    await once(server, "close");
    expect(await thisMachine.connect(path)).toMatch(/^(ENOENT|ECONNREFUSED)$/);
  });
});
