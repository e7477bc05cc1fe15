import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isCloudHostError, systemActor } from "@cloudhost/core";
import type { Actor } from "@cloudhost/core";
import { amy, createTestCloud, olga } from "@cloudhost/testing";
import type { TestCloud } from "@cloudhost/testing";
import { debounceTime, lastValueFrom, share, takeUntil, toArray } from "rxjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { asMember, asOperator, flavor, good } from "./bad-input-cases.ts";

const run = promisify(execFile);
const hasQemuImg = await run("qemu-img", ["--version"]).then(
  () => true,
  () => false,
);
if (!hasQemuImg) process.stderr.write("bad input: no qemu-img here, so no qcow2 file is tried\n");

let cloud: TestCloud;
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cloudhost-bad-input-"));
  cloud = await createTestCloud({ hosts: 2, busFaults: {} });
  await (await cloud.as(amy).servers.create({ ...good, name: "web-0" })).result();
});
afterAll(async () => {
  await cloud.close();
  await rm(folder, { recursive: true, force: true });
});

/** Everything that can be seen of the cloud. */
async function picture(): Promise<unknown> {
  const ops = cloud.as(olga);
  const lists = [ops.servers, ops.images, ops.flavors, ops.keypairs, ops.operations, ops.projects];
  // Some there are: they come together, and then none comes.
  const told = ops.events().pipe(share());
  const events = await lastValueFrom(told.pipe(takeUntil(told.pipe(debounceTime(200))), toArray()));
  const hosts = (await all(ops.hosts.list())).map(({ name, enabled, resources }) => ({ name, enabled, resources }));
  const quotas = await cloud.as(amy).quotas.get();
  return { lists: await Promise.all(lists.map((one) => all<unknown>(one.list()))), events, hosts, quotas };
}

/** The paths of what a call was refused for, each once, in the order of the alphabet. */
async function faults(call: () => unknown): Promise<readonly string[]> {
  try {
    await call();
  } catch (error) {
    if (!isCloudHostError(error, "INVALID_ARGUMENT")) throw error;
    return [...new Set(error.details.issues.map(({ path }) => path))].toSorted();
  }
  throw new Error("it was taken");
}

describe.each([
  ["a member's", amy, asMember],
  ["an operator's", olga, asOperator],
] as const)("%s call that is given what it does not take", (_, actor, cases) => {
  it("is told the path of every fault, and nothing is done", async () => {
    const before = await picture();
    const caller = cloud.as(actor);
    for (const [method, call, inputs] of cases) {
      for (const [input, paths] of inputs) {
        const found = await faults(() => call(caller, input as never));
        expect({ method, input, paths: found }).toEqual({ method, input, paths: paths.toSorted() });
      }
    }
    expect(await picture()).toEqual(before);
  });
});

describe("an actor", () => {
  it.each([
    [undefined, [""]],
    [{}, ["roles", "userId"]],
    [{ userId: "amy", roles: [] }, ["roles"]],
    [{ userId: "amy", roles: ["root"] }, ["roles.0"]],
    [{ userId: "amy\0", roles: ["member"], projectId: "'" }, ["projectId", "userId"]],
    [{ userId: "amy", roles: ["member"], groups: [] }, [""]],
  ])("is not %j", async (actor, paths) => {
    expect(await faults(() => cloud.as(actor as Actor))).toEqual(paths);
  });

  it("of a project that is not there is told so", async () => {
    const nobody = cloud.as({ ...amy, projectId: "nowhere" });
    await expect(nobody.servers.get("web-0")).rejects.toMatchObject({ code: "NOT_FOUND", details: { id: "nowhere" } });
  });

  it("who needs a project is told so", async () => {
    expect(await faults(() => cloud.as(olga).servers.create(good))).toEqual(["actor.projectId"]);
    expect(await faults(() => cloud.as(olga).quotas.get())).toEqual(["actor.projectId"]);
  });
});

describe("a server of what is not there", () => {
  it.each([
    [{ ...good, flavor: "c9.e99" }, "flavor", "c9.e99"],
    [{ ...good, image: "windows" }, "image", "windows"],
    [{ ...good, image: "img_00000000000000000000000000" }, "image", "img_00000000000000000000000000"],
    [{ ...good, keypair: "nobody" }, "keypair", "nobody"],
  ])("is refused: %j", async (input, resource, id) => {
    const before = await picture();
    await expect(cloud.as(amy).servers.create(input)).rejects.toMatchObject({
      code: "NOT_FOUND",
      details: { resource, id },
    });
    expect(await picture()).toEqual(before);
  });

  it("is placed in no zone that is not there, and is told so", async () => {
    const create = await cloud.as(amy).servers.create({ ...good, zone: "az-9" });
    await expect(create.result()).rejects.toThrow("in az-9");
    await (await cloud.as(amy).servers.delete(create.resourceId)).result();
  });

  it("is given a flavor larger than any host: the explanation says what is lacking", async () => {
    const huge = { ...flavor, name: "huge", vcpus: 64, milliEcuPerVcpu: 4000, memoryMib: 1024 * 1024 };
    await cloud.as(olga).flavors.create(huge);
    await cloud.as(olga).quotas.set("album", { vcpus: -1, milliEcu: -1, memoryMib: -1 });
    const create = await cloud.as(amy).servers.create({ ...good, flavor: "huge", name: "big" });
    const error: unknown = await create.result().catch((reason: unknown) => reason);
    if (!isCloudHostError(error, "NO_VALID_HOST")) throw error;
    const { explanation } = error.details;
    expect(explanation).toMatchObject({ hosts: 2, passed: 0, server: { name: "big", vcpus: 64 } });
    expect(explanation.filters.reduce((sum, { refused }) => sum + refused, 0)).toBe(2);
    expect(error.message).toMatch(
      /^No host can take big \(64 vCPUs, 256 EUCU, .+\)\.\n +\w+Filter +turned away \d of 2: nearest host-/,
    );
    const row = await cloud.as(amy).servers.get(create.resourceId);
    expect(row).toMatchObject({ state: "error", fault: { code: "NO_VALID_HOST" }, zone: null, addresses: [] });
    await (await cloud.as(amy).servers.delete(create.resourceId)).result();
  });

  it("is refused a flavor that is too small for its image", async () => {
    const path = join(folder, "two-gib.raw");
    await writeFile(path, "");
    await run("truncate", ["-s", "2G", path]);
    await (await cloud.as(amy).images.import({ name: "two-gib", path, minMemoryMib: 65 })).result();
    await cloud.as(olga).flavors.create({ ...flavor, name: "small" });
    const refused = faults(() => cloud.as(amy).servers.create({ ...good, flavor: "small", image: "two-gib" }));
    expect(await refused).toEqual(["flavor"]);
  });
});

describe("a disk image file", () => {
  const attempt = async (path: string): Promise<unknown> => {
    const handle = await cloud.as(amy).images.import({ name: "broken", path });
    const error: unknown = await handle.result().catch((reason: unknown) => reason);
    const image = await cloud.as(amy).images.get(handle.resourceId);
    expect(image).toMatchObject({ state: "error", digest: null });
    const boot = cloud.as(amy).servers.create({ ...good, image: image.id });
    await expect(boot).rejects.toMatchObject({ code: "CONFLICT", details: { state: "error", allowed: ["active"] } });
    await (await cloud.as(amy).images.delete(image.id)).result();
    await expect(cloud.as(amy).images.get(image.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    return error;
  };

  it("that is not there is refused", async () => {
    expect(await attempt(join(folder, "none.raw"))).toMatchObject({ code: "NOT_FOUND" });
  });

  it("that is a folder is refused", async () => {
    expect(await attempt(folder)).toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("that only begins like a qcow2 is refused", async () => {
    const path = join(folder, "begins.qcow2");
    await writeFile(path, Buffer.concat([Buffer.from("QFI\xfb", "latin1"), Buffer.alloc(100, 1)]));
    expect(await attempt(path)).toMatchObject({ code: "IMAGE_CORRUPT" });
  });

  it.runIf(hasQemuImg)("that is a qcow2 cut short is refused", async () => {
    const path = join(folder, "cut.qcow2");
    await run("qemu-img", ["create", "-q", "-f", "qcow2", path, "64M"]);
    await run("qemu-io", ["-c", "write -q -P 7 0 8M", path]).catch(() => {});
    await run("truncate", ["-s", "70000", path]);
    expect(await attempt(path)).toMatchObject({ code: "IMAGE_CORRUPT" });
  });

  it.runIf(hasQemuImg)("that is a qcow2 with a backing file is refused, wherever that lies", async () => {
    const base = join(folder, "base.raw");
    await writeFile(base, Buffer.alloc(1 << 20, 7));
    const path = join(folder, "layered.qcow2");
    await run("qemu-img", ["create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", path]);
    expect(await attempt(path)).toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

it("leaves the cloud whole after all that", async () => {
  const product = cloud.as(systemActor("a look at the end"));
  expect((await product.statistics.now()).servers).toBe(1);
  const unfinished = (await all(product.operations.list())).filter(
    ({ state }) => state === "stuck" || state === "running",
  );
  expect(unfinished).toEqual([]);
});
