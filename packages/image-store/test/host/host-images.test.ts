import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { fileSystemBackend, hostImages, memoryBackend } from "../../src/index.ts";
import { context } from "../support/context.ts";
import { temporaryFolder } from "../support/folder.ts";
import { openImageStoreSubject } from "../support/image-store-subject.ts";
import { putStrangersLease } from "../support/strangers.ts";

const imageId = `img_${"0".repeat(26)}`;
const holder = `srv_${"0".repeat(26)}`;

async function scene() {
  const backend = memoryBackend();
  const subject = await openImageStoreSubject(() => backend);
  const cacheDir = join(subject.folder, "cache");
  await mkdir(cacheDir);
  await writeFile(join(subject.folder, "disk"), "a small disk");
  const { digest } = await subject.store.import(imageId, join(subject.folder, "disk"));
  return { ...subject, backend, cacheDir, wanted: { imageId, digest, holder } };
}

describe("a host's images", () => {
  it("wait for an eviction that is under way: it may not have seen who came", async () => {
    await using stage = await scene();
    await using images = await stage.store.hostImages({ cacheDir: stage.cacheDir });
    const state = fileSystemBackend(join(stage.cacheDir, "state"));
    await putStrangersLease(state, "evictions/own_stranger.1");
    let isThere = false;
    const ensuring = images.ensure(stage.wanted).then(() => (isThere = true));
    await expect.poll(() => images.holders()).toEqual([holder]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isThere).toBe(false);
    await state.delete("evictions/own_stranger.1");
    await ensuring;
  });

  it("evict a base that was never finished, once room is needed", async () => {
    await using stage = await scene();
    await using images = await stage.store.hostImages({ cacheDir: stage.cacheDir, maxBytes: 5_000_000 });
    const half = join(stage.cacheDir, "bases", `${"ab".repeat(32)}.raw`);
    await writeFile(half, Buffer.alloc(4_000_000, 1));
    await images.ensure(stage.wanted);
    await expect(readFile(half)).rejects.toThrow("ENOENT");
  });

  it("say that a base was changed on this host", async () => {
    await using stage = await scene();
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, message = "") => void warnings.push(message) };
    const config = hostImages({ backend: stage.backend, cacheDir: stage.cacheDir });
    await using images = await config.open({ ...context(), logger });
    const { path } = await images.ensure(stage.wanted);
    await writeFile(path, "b small disk");
    await images.ensure(stage.wanted);
    expect(warnings).toEqual(["a base was changed on this host; it was restored again"]);
  });

  it("refuse options that are wrong", async () => {
    await using folder = await temporaryFolder();
    const refused = { code: "INVALID_ARGUMENT" };
    const open = (cacheDir: string, maxBytes: number): Promise<unknown> =>
      hostImages({ backend: memoryBackend(), cacheDir, maxBytes }).open(context());
    await expect(open("relative/path", 1)).rejects.toMatchObject(refused);
    await expect(open(folder.path, -1)).rejects.toMatchObject(refused);
  });
});
