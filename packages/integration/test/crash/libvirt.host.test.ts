import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ActorCloud } from "@cloudhost/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildGuest } from "../../../../scripts/build-guest.ts";
import { checkImages, checkStore, openCase, openStore, placesIn, runChild } from "../../src/index.ts";
import type { CloudPlaces } from "../../src/index.ts";
import { Machine, lacking } from "./libvirt/machine.ts";

const run = promisify(execFile);

/** Built once for all test files and all their runs. */
const guestCache = join(import.meta.dirname, "../../../../node_modules/.cache/cloudhost-guest");

const why = await lacking();
if (why !== undefined && process.env["CLOUDHOST_HOST_TESTS"] === "1") throw new Error(`The test cannot run: ${why}.`);
if (why !== undefined) process.stderr.write(`skipped: ${why}\n`);

describe.skipIf(why !== undefined)("operations on real guests, killed in the middle", () => {
  let machine: Machine;
  let places: CloudPlaces;
  beforeAll(async () => {
    machine = await Machine.open();
    const folder = join(machine.folder, "case");
    places = placesIn(folder, `sqlite:${join(folder, "cloud.db")}`);
    const guest = await buildGuest(guestCache);
    await using cloud = await openCase(places, { hosts: machine.hosts });
    const ops = cloud.as({ userId: "olga", roles: ["operator"] });
    await ops.projects.create({ name: "album" });
    await ops.flavors.create({ name: "c1.e1", vcpus: 1, milliEcuPerVcpu: 1000, memoryMib: 192, systemDiskGib: 1 });
    const album = cloud.as({ userId: "amy", projectId: "album", roles: ["member"] });
    const stored = async (name: string, path: string, properties = {}) =>
      (await album.images.import({ name, path, properties })).result();
    const kernel = await stored("kernel", guest.kernel.path);
    const initrd = await stored("initrd", guest.initrd.path);
    const boot = {
      kernelImage: kernel.id,
      initrdImage: initrd.id,
      kernelArguments: `${guest.arguments} cloudhost.heartbeat`,
    };
    await stored("base", guest.disk.path, boot);
  });
  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });

  /** Kills a run of the scenario there, lets the next process go on, and says what the store tells then. */
  async function killed(scenario: string, boundary: string) {
    const folder = join(machine.folder, "case");
    const task = {
      folder,
      database: places.database,
      hosts: [...machine.hosts],
      fails: false,
      log: join(folder, "log"),
    };
    const died = await runChild({ ...task, scenario, kill: { boundary, time: 1 } });
    expect({ ...died, said: died.signal === "SIGKILL" ? "" : died.said }).toMatchObject({
      signal: "SIGKILL",
      said: "",
    });
    const next = await runChild({ ...task, scenario: null, kill: null });
    expect({ ...next, said: next.code === 0 ? "" : next.said }).toMatchObject({ code: 0, said: "" });
    await using store = await openStore(places.database);
    const facts = await store.read();
    expect([...checkStore(facts), ...(await checkImages(facts, places))]).toEqual([]);
    return facts;
  }

  /** Opens the cloud for a while, as a member sees it. */
  async function withAlbum<Out>(use: (album: ActorCloud) => Promise<Out>): Promise<Out> {
    await using cloud = await openCase(places, { hosts: machine.hosts });
    return await use(cloud.as({ userId: "amy", projectId: "album", roles: ["member"] }));
  }

  /** When the OS of a stopped guest has written to its disk, in seconds. */
  async function readHeartbeat(serverId: string): Promise<readonly number[]> {
    const raw = join(machine.folder, "system.raw");
    await run("qemu-img", ["convert", "-O", "raw", join(machine.instances, serverId, "system.qcow2"), raw]);
    const { stdout } = await run("debugfs", ["-R", "cat /heartbeat", raw]);
    return stdout.trim().split("\n").map(Number);
  }

  it("creates the server all the same, once", async () => {
    const facts = await killed("server.create", "agent:effect compute.define");
    expect(facts.servers.map(({ state, fault }) => [state, fault])).toEqual([["active", null]]);
    const { domains, taps } = await machine.listing();
    expect(domains).toHaveLength(1);
    expect(taps).toHaveLength(1);
  });

  it("stores its snapshot all the same, and lets its disk go", async () => {
    const before = await machine.listing();
    const facts = await killed("image.snapshot", "agent:effect compute.freezeDisk");
    expect(facts.images.filter(({ state }) => state === "active")).toHaveLength(4);
    expect((await machine.listing()).files).toEqual(before.files);
  });

  it("shelves it, and gives it a place again with what its OS has written", async () => {
    const shelvedAtS = await withAlbum(async ({ servers }) => {
      await servers.ready("web-0");
      await (await servers.shelve("web-0", { graceMs: 60_000 })).result();
      return Math.floor(Date.now() / 1000);
    });
    expect(await machine.listing()).toEqual({ domains: [], taps: [], files: [] });

    const facts = await killed("server.unshelve", "agent:effect compute.putLayer");
    expect(facts.servers.map(({ state }) => state)).toEqual(["active"]);
    const { domains, taps } = await machine.listing();
    expect([domains.length, taps.length]).toEqual([1, 1]);

    await withAlbum(async ({ servers }) => {
      await servers.ready("web-0");
      await (await servers.stop("web-0", { graceMs: 60_000 })).result();
    });
    const beats = await readHeartbeat(String(facts.servers[0]?.["id"]));
    // A line a second, from both of its lives.
    expect(beats.filter((atS) => atS <= shelvedAtS).length).toBeGreaterThan(0);
    expect(beats.filter((atS) => atS > shelvedAtS).length).toBeGreaterThan(0);
  });

  it("deletes it all the same, and leaves nothing", async () => {
    const facts = await killed("server.delete", "server.delete do guest: done");
    expect(facts.servers.map(({ state }) => state)).toEqual(["deleted"]);
    expect(await machine.listing()).toEqual({ domains: [], taps: [], files: [] });
  });
});
