import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCloud } from "@cloudhost/core";
import type { Cloud, CloudOptions } from "@cloudhost/core";
import { fakeHost } from "@cloudhost/driver-fake";
import { fileSystemBackend, imageStore } from "@cloudhost/image-store";
import { filterScheduler } from "@cloudhost/scheduler";
import { describe, expect, it, onTestFinished } from "vitest";
import { ownPostgres } from "./over-databases.ts";

/** Clouds that stand for processes: each with agents and leases of its own, on one database. */
async function processes() {
  const folder = await mkdtemp(join(tmpdir(), "cloudhost-processes-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const database = await ownPostgres();
  await writeFile(join(folder, "disk.raw"), Buffer.alloc(5 << 20, 1));
  const open = async (name: string, more: Partial<CloudOptions>): Promise<Cloud> => {
    const cloud = await createCloud({
      database,
      stateDir: join(folder, name),
      scheduler: filterScheduler(),
      images: imageStore({ backend: fileSystemBackend(join(folder, "images")) }),
      leaseMs: 500,
      ...more,
    });
    onTestFinished(() => cloud.close());
    return cloud;
  };
  const prepare = async (cloud: Cloud): Promise<void> => {
    const ops = cloud.as({ userId: "olga", roles: ["operator"] });
    await ops.projects.create({ name: "album" });
    await ops.flavors.create({ name: "c1.e1", vcpus: 1, milliEcuPerVcpu: 1000, memoryMib: 512, systemDiskGib: 1 });
    const album = memberOf(cloud);
    await (await album.images.import({ name: "base", path: join(folder, "disk.raw") })).result();
  };
  return { open, prepare };
}

const memberOf = (cloud: Cloud) => cloud.as({ userId: "amy", projectId: "album", roles: ["member"] });
const machine = (name: string, zone: string) => fakeHost({ name, zone, bootMs: 1 });

describe("several processes on one database", () => {
  it("accepts a server in one, and creates it in the other", async () => {
    const { open, prepare } = await processes();
    const runner = await open("runner", { runs: "operations", hosts: [machine("host-1", "az-1")] });
    await prepare(runner);
    const api = await open("api", { runs: "api" });
    const create = await memberOf(api).servers.create({ name: "web-1", flavor: "c1.e1", image: "base" });
    expect(await create.result()).toMatchObject({ state: "active", zone: "az-1" });
    expect(await memberOf(runner).servers.get("web-1")).toMatchObject({ state: "active" });
  });

  it("hands an operation to the process that has its host", async () => {
    const { open, prepare } = await processes();
    const first = await open("first", { hosts: [machine("host-1", "az-1")] });
    await prepare(first);
    const second = await open("second", { hosts: [machine("host-2", "az-2")] });
    const there = await memberOf(first).servers.create({ name: "there", flavor: "c1.e1", image: "base", zone: "az-2" });
    expect(await there.result()).toMatchObject({ state: "active", zone: "az-2" });
    await (await memberOf(first).servers.stop("there", { graceMs: 0 })).result();
    expect(await memberOf(second).servers.get("there")).toMatchObject({ state: "stopped" });
  });

  it("lets only one of them drive a host, and the other when that one has left it", async () => {
    const { open, prepare } = await processes();
    const host = machine("host-1", "az-1");
    const first = await open("first", { hosts: [host] });
    await prepare(first);
    const second = await open("second", { hosts: [host] });
    const ops = second.as({ userId: "olga", roles: ["operator"] });
    expect(await ops.hosts.get("host-1")).toMatchObject({ state: "up", stateReason: null });
    await first.close();
    const create = await memberOf(second).servers.create({ name: "later", flavor: "c1.e1", image: "base" });
    expect(await create.result()).toMatchObject({ state: "active" });
  });
});
