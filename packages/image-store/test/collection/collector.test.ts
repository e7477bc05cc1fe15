import { VirtualClock, silentLogger, uuidv7Ids } from "@cloudhost/core/ports";
import type { ChunkBackend, ImageStore, ImageStoreContext } from "@cloudhost/core/ports";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { collectGarbage, findLeftovers, imageStore, memoryBackend } from "../../src/index.ts";
import { leaseLifeMs } from "../../src/leases/lease-record.ts";
import { temporaryFolder } from "../support/folder.ts";
import { putStrangersLease } from "../support/strangers.ts";

const strayChunk = `chunks/sha256/ab/ab${"0".repeat(62)}`;
const session = "sessions/own_stranger.7";

interface Scene extends AsyncDisposable {
  readonly backend: ChunkBackend;
  readonly clock: VirtualClock;
  readonly context: ImageStoreContext;
  open(): Promise<ImageStore>;
  /** Imports an image of one small chunk. */
  image(store: ImageStore, name: string): Promise<void>;
}

async function scene(): Promise<Scene> {
  const folder = await temporaryFolder();
  const clock = new VirtualClock();
  const backend = memoryBackend(clock);
  const context = { clock, ids: uuidv7Ids(clock), logger: silentLogger };
  return {
    backend,
    clock,
    context,
    open: () => imageStore({ backend }).open(context),
    async image(store, name) {
      const path = join(folder.path, name);
      await writeFile(path, `the disk ${name}`);
      await store.import(name, path);
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
const kindsOf = async (backend: ChunkBackend): Promise<string[]> =>
  (await findLeftovers(backend)).map(({ kind, held }) => `${kind}${held ? ", held" : ""}`);

describe("collecting garbage", () => {
  it("waits while another machine's import may rely on it, and is made up for when that is dead", async () => {
    await using stage = await scene();
    const { backend, clock } = stage;
    await using store = await stage.open();
    await stage.image(store, "one");
    await putStrangersLease(backend, session);
    await store.delete("one");
    expect(await store.get("one")).toBeUndefined();
    expect(await store.stats()).toMatchObject({ images: 0, chunks: 1 });

    await clock.advance({ ms: leaseLifeMs + 1 });
    await store.delete("one");
    expect(await store.stats()).toMatchObject({ chunks: 0 });
    expect(await findLeftovers(backend)).toEqual([]);
  });

  it("is done by the import for which it waited", async () => {
    await using stage = await scene();
    await using store = await stage.open();
    await stage.image(store, "one");
    await putStrangersLease(stage.backend, session);
    await store.delete("one");
    await stage.backend.delete(session);
    await stage.image(store, "two");
    expect(await store.stats()).toMatchObject({ images: 1, chunks: 1 });
    expect(await findLeftovers(stage.backend)).toEqual([]);
  });

  it("takes what a killed import left, as soon as the store is opened", async () => {
    await using stage = await scene();
    const { backend, clock } = stage;
    {
      await using store = await stage.open();
      await stage.image(store, "one");
    }
    await putStrangersLease(backend, session);
    await backend.put(strayChunk, Buffer.from("half an image"));
    await backend.put(`manifests/sha256/${"c".repeat(64)}`, Buffer.from("{}"));
    expect(await kindsOf(backend)).toEqual(["session", "manifest", "chunk"]);
    await clock.advance({ ms: leaseLifeMs + 1 });
    await using store = await stage.open();
    expect(await findLeftovers(backend)).toEqual([]);
    expect(await store.stats()).toMatchObject({ images: 1, chunks: 1 });
  });

  it("takes up a deletion that was killed after its note, or after the name", async () => {
    for (const killedAfter of ["note", "name"] as const) {
      await using stage = await scene();
      const { backend } = stage;
      {
        await using store = await stage.open();
        await stage.image(store, "one");
        await stage.image(store, "two");
        const manifest = (await store.get("one"))?.digest;
        await backend.put("notes/own_killed.7", Buffer.from(JSON.stringify({ version: 1, manifest })));
        if (killedAfter === "name") await backend.delete("names/one.0");
      }
      await using store = await stage.open();
      expect(await store.stats()).toMatchObject({ images: killedAfter === "name" ? 1 : 2 });
      expect(await findLeftovers(backend)).toEqual([]);
    }
  });

  it("keeps a note about what still has a name while the deletion that wrote it is under way", async () => {
    await using stage = await scene();
    const { backend, clock } = stage;
    await using store = await stage.open();
    await stage.image(store, "one");
    await stage.image(store, "two");
    const manifest = (await store.get("one"))?.digest;
    await backend.put("notes/own_stranger.7", Buffer.from(JSON.stringify({ version: 1, manifest })));
    await putStrangersLease(backend, "collections/own_stranger.7");
    await backend.put("notes/own_finished.7", Buffer.from(JSON.stringify({ version: 1, manifest })));
    await store.delete("two");
    expect((await findLeftovers(backend)).map(({ key }) => key)).toEqual([
      "collections/own_stranger.7",
      "notes/own_stranger.7",
    ]);

    await clock.advance({ ms: leaseLifeMs + 1 });
    await store.delete("two");
    expect(await findLeftovers(backend)).toEqual([]);
    expect(await store.stats()).toMatchObject({ images: 1, chunks: 1 });
  });

  it("reads a damaged note as one that says to look everywhere", async () => {
    await using stage = await scene();
    const { backend } = stage;
    await using store = await stage.open();
    await stage.image(store, "one");
    await backend.put(strayChunk, Buffer.from("nobody's"));
    await backend.put("notes/own_damaged.7", Buffer.from("%"));
    await store.delete("nobody");
    expect(await findLeftovers(backend)).toEqual([]);
    expect(await store.stats()).toMatchObject({ images: 1, chunks: 1 });
  });

  it("looks everywhere when it is asked to", async () => {
    await using stage = await scene();
    await using store = await stage.open();
    await stage.image(store, "one");
    await stage.backend.put(strayChunk, Buffer.from("nobody's"));
    expect(await kindsOf(stage.backend)).toEqual(["chunk"]);
    await collectGarbage(stage.backend, stage.context);
    expect(await findLeftovers(stage.backend)).toEqual([]);
    expect(await store.stats()).toMatchObject({ images: 1, chunks: 1 });
  });

  it("makes an import wait while it runs", async () => {
    await using stage = await scene();
    const { backend, clock } = stage;
    await using store = await stage.open();
    await putStrangersLease(backend, "collections/own_stranger.7");
    let isStored = false;
    const importing = stage.image(store, "one").then(() => (isStored = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isStored).toBe(false);
    await backend.delete("collections/own_stranger.7");
    await importing;
    expect(await findLeftovers(backend)).toEqual([]);
    expect(clock.nowMs()).toBeGreaterThan(Date.UTC(2026, 0, 1));
  });
});
