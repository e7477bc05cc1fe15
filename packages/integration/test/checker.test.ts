import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock, uuidv7Ids } from "@cloudhost/core/ports";
import type { StoredImage } from "@cloudhost/core/ports";
import { fileSystemBackend, imageStore } from "@cloudhost/image-store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkCloud, fleetIn, openStore, placesIn, prepareCase } from "../src/index.ts";

describe("the checker", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "cloudhost-checker-"));
    await prepareCase(folder, places(), { before: "active" });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const places = () => placesIn(folder, `sqlite:${join(folder, "cloud.db")}`);
  const ids = uuidv7Ids(systemClock());
  const found = async () => (await checkCloud(places())).map(({ kind }) => kind);

  it("finds nothing in a cloud at rest", async () => {
    expect(await checkCloud(places())).toEqual([]);
  });

  it("finds a row that no operation will end", async () => {
    await using store = await openStore(places().database);
    const [server] = (await store.read()).servers;
    await store.knex("servers").where({ id: server?.["id"] }).update({ busy: true });
    expect(await found()).toEqual(["row"]);
    await store.knex("servers").where({ id: server?.["id"] }).update({ busy: false });
  });

  it("finds a claim of nobody", async () => {
    await using store = await openStore(places().database);
    await store.knex("hosts").where({ name: "host-1" }).increment("memory_mib_used", 512);
    expect(await found()).toEqual(["claim"]);
    await store.knex("hosts").where({ name: "host-1" }).decrement("memory_mib_used", 512);
  });

  it("lets what was evacuated lie on its old host, until that has returned", async () => {
    await using store = await openStore(places().database);
    const { hosts, servers } = await store.read();
    const [server] = servers;
    const other = hosts.find(({ id }) => id !== server?.["host_id"]);
    const place = { server_id: server?.["id"], host_id: server?.["host_id"] };
    await store.knex("servers").where({ id: server?.["id"] }).update({ host_id: other?.["id"] });
    expect(await found()).toContain("guest");
    await store.knex("evacuations").insert(place);
    await store.knex("hosts").where({ id: server?.["host_id"] }).update({ fence: "fenced" });
    // It runs there still.
    expect((await checkCloud(places())).filter(({ what }) => what.includes("which is fenced"))).toHaveLength(1);
    await store.knex("hosts").where({ id: server?.["host_id"] }).update({ fence: null });
    await store.knex("evacuations").delete();
    await store.knex("servers").where({ id: server?.["id"] }).update({ host_id: server?.["host_id"] });
    expect(await found()).toEqual([]);
  });

  it("finds a tap that nobody wants", async () => {
    await using store = await openStore(places().database);
    const [binding] = (await store.read()).bindings;
    await store.knex("bindings").where({ id: binding?.["id"] }).update({ wanted: false });
    expect(await found()).toContain("tap");
    await store.knex("bindings").where({ id: binding?.["id"] }).update({ wanted: true });
  });

  it("finds a data disk that the host does not give, and that is not claimed", async () => {
    await using store = await openStore(places().database);
    const [server] = (await store.read()).servers;
    const disk = { id: ids.next("dsk"), server_id: server?.["id"], size_gib: 1, created_at_ms: 1 };
    await store.knex("data_disks").insert(disk);
    expect(await found()).toEqual(["claim", "data disk"]);
    await store.knex("data_disks").delete();
  });

  it("finds a group that counts other places than its servers hold, or is elsewhere", async () => {
    await using store = await openStore(places().database);
    const { hosts, servers } = await store.read();
    const [server] = servers;
    const other = hosts.find(({ id }) => id !== server?.["host_id"]);
    const group = { id: ids.next("grp"), project_id: server?.["project_id"], name: "close", policy: "affinity" };
    await store.knex("server_groups").insert({ ...group, host_id: server?.["host_id"], placed: 1, created_at_ms: 1 });
    expect(await found()).toEqual(["claim"]);
    const member = { group_id: group.id, server_id: server?.["id"], host_id: server?.["host_id"], exclusive: false };
    await store.knex("group_members").insert(member);
    expect(await found()).toEqual([]);
    await store.knex("server_groups").update({ host_id: other?.["id"] });
    expect(await found()).toEqual(["claim"]);
    await store.knex("hosts").where({ id: server?.["host_id"] }).update({ fence: "fenced" });
    expect(await found()).not.toContain("claim");
    await store.knex("hosts").where({ id: server?.["host_id"] }).update({ fence: null });
    await store.knex("group_members").update({ host_id: other?.["id"] });
    expect((await checkCloud(places())).map(({ what }) => what)).toEqual([expect.stringContaining("no claim there")]);
    await store.knex("group_members").delete();
    await store.knex("server_groups").delete();
  });

  it("lets anything be left of what was given up where it may be, but nothing it has claimed get lost", async () => {
    await using store = await openStore(places().database);
    const [server] = (await store.read()).servers;
    const [allocation] = (await store.read()).allocations;
    const operation = { id: server?.["operation_id"] };
    await store.knex("servers").update({ state: "error" });
    await store.knex("bindings").update({ wanted: false });
    expect(await found()).toEqual(["address", "tap"]);
    await store.knex("operations").where(operation).update({ abandoned: "{}" });
    expect(await found()).toEqual([]);
    await store.knex("allocations").delete();
    expect(new Set(await found())).toEqual(new Set(["claim", "guest"]));
    await store.knex("allocations").insert(allocation);
    await store.knex("operations").where(operation).update({ abandoned: null });
    await store.knex("bindings").update({ wanted: true });
    await store.knex("servers").update({ state: "active" });
    expect(await found()).toEqual([]);
  });

  it("finds what is kept of a server that is not shelved, and what is not of one that is", async () => {
    await using store = await openStore(places().database);
    const { images, servers } = await store.read();
    const [server] = servers;
    const layer = { image_id: ids.next("img"), server_id: server?.["id"], disk: "system", digest: "sha256:0" };
    await store.knex("shelved_layers").insert(layer);
    await store.knex("shelved_images").insert({ image_id: images[0]?.["id"], server_id: server?.["id"] });
    expect(await found()).toEqual(["row", "row", "image"]);
    await store.knex("shelved_layers").delete();
    await store.knex("shelved_images").delete();
    await store.knex("servers").where({ id: server?.["id"] }).update({ state: "shelved", host_id: null });
    const said = (await checkCloud(places())).map(({ what }) => what);
    for (const part of ["no layer is kept of disk system", "is not held", "which is shelved, is on a host"])
      expect(said.filter((what) => what.includes(part))).toHaveLength(1);
    const before = { state: "active", host_id: server?.["host_id"] };
    await store.knex("servers").where({ id: server?.["id"] }).update(before);
    expect(await found()).toEqual([]);
  });

  it("finds a tag of an image that is gone", async () => {
    await using store = await openStore(places().database);
    const [image] = (await store.read()).images;
    await store.knex("image_tags").insert({ image_id: image?.["id"], tag: "keep", value: "week" });
    expect(await found()).toEqual([]);
    await store.knex("images").where({ id: image?.["id"] }).update({ state: "deleted" });
    expect(await found()).toContain("row");
    await store.knex("images").where({ id: image?.["id"] }).update({ state: "active" });
    await store.knex("image_tags").delete();
  });

  it("finds an overlay of no guest", async () => {
    const [host] = fleetIn(places());
    const stray = join(places().fakeDir, host?.name ?? "", "disks", ids.next("srv"));
    await mkdir(stray, { recursive: true });
    await writeFile(join(stray, "overlay-0"), "left over");
    expect(await found()).toEqual(["overlay"]);
    await rm(stray, { recursive: true });
  });

  it("finds an import that was never sealed", async () => {
    const backend = fileSystemBackend(places().imageDir);
    const key = await plantSession();
    expect(await found()).toContain("chunk session");
    await backend.delete(key);
  });

  it("finds a base that is held for nobody", async () => {
    const clock = systemClock();
    await using store = await imageStore({ backend: fileSystemBackend(places().imageDir) }).open({
      clock,
      ids,
      logger: silentLogger,
    });
    const stored = await (store.list()[Symbol.asyncIterator]().next() as Promise<IteratorYieldResult<StoredImage>>);
    const cacheDir = join(places().stateDir, "hosts", "host-1", "images");
    await using images = await store.hostImages({ cacheDir });
    const holder = ids.next("srv");
    await images.ensure({ imageId: stored.value.name, digest: stored.value.digest, holder });
    expect(await found()).toEqual(["held base"]);
    await images.release(holder);
    expect(await found()).toEqual([]);
  });

  /** A session as a process that was killed in the middle of an import leaves it. */
  async function plantSession(): Promise<string> {
    const dir = join(places().imageDir, "sessions");
    await mkdir(dir, { recursive: true });
    const before = await readdir(dir);
    expect(before).toEqual([]);
    await writeFile(join(dir, "left-over"), "{}");
    await appendFile(join(dir, "left-over"), "\n");
    expect(await readFile(join(dir, "left-over"), "utf8")).toBe("{}\n");
    return "sessions/left-over";
  }
});
