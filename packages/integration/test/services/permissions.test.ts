import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudHostError, permissions, systemActor } from "@cloudhost/core";
import type { Actor, ActorCloud, ChangePermission, Notification, Permission, Policy } from "@cloudhost/core";
import { fakeFleet, fakeHost, holdFakeWorld } from "@cloudhost/driver-fake";
import type { FakeWorld } from "@cloudhost/driver-fake";
import { amy, createTestCloud } from "@cloudhost/testing";
import type { TestCloud } from "@cloudhost/testing";
import { firstValueFrom } from "rxjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { outcome } from "./outcome.ts";
import { methodsOf } from "./methods-of.ts";
import { publicSurface } from "./public-surface.ts";
import type { Things } from "./things.ts";

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIARH64Mw7wZfW/5z0RiDkkz4N4Kb2xYpgjx834SIHPLo amy@laptop";

/**
 * A call of every public method that is as it should be, in an order in which each finds what it needs. The type asks
 * for every line of the permissions' table.
 */
const calls: Readonly<Record<Permission, (cloud: ActorCloud, things: Things) => Promise<unknown>>> = {
  "aggregates.create": (cloud, { mark }) => cloud.aggregates.create({ name: `pool-${mark}` }),
  "aggregates.get": (cloud) => cloud.aggregates.get("ssd"),
  "aggregates.list": (cloud) => all(cloud.aggregates.list()),
  "aggregates.addHost": (cloud) => cloud.aggregates.addHost("ssd", "host-1"),
  "aggregates.removeHost": (cloud) => cloud.aggregates.removeHost("ssd", "host-1"),
  "aggregates.setProperties": (cloud) => cloud.aggregates.setProperties("ssd", { ssd: "true" }),
  "aggregates.delete": (cloud, { mark }) => cloud.aggregates.delete(`pool-${mark}`),
  "events.read": (cloud) => firstValueFrom(cloud.events()),
  "flavors.create": (cloud, { mark }) => cloud.flavors.create({ ...tiny, name: `tiny-${mark}` }),
  "flavors.get": (cloud) => cloud.flavors.get("c1.e1"),
  "flavors.list": (cloud) => all(cloud.flavors.list()),
  "flavors.delete": (cloud, { mark }) => cloud.flavors.delete(`tiny-${mark}`),
  "hosts.auditUsage": (cloud) => cloud.hosts.auditUsage(),
  "hosts.repairUsage": (cloud) => cloud.hosts.repairUsage(),
  "hosts.delete": (cloud, { mark }) => cloud.hosts.delete(`spare-${mark.toLowerCase()}`),
  "hosts.disable": (cloud) => cloud.hosts.disable("host-1"),
  "hosts.enable": (cloud) => cloud.hosts.enable("host-1"),
  "hosts.get": (cloud) => cloud.hosts.get("host-1"),
  "hosts.list": (cloud) => all(cloud.hosts.list()),
  "hosts.unknownGuests": (cloud) => all(cloud.hosts.unknownGuests({ host: "host-1" })),
  "hosts.fence": async (cloud, { mark }) =>
    (await cloud.hosts.fence(`grave-${mark.toLowerCase()}`, { evenIfUp: true })).result(),
  "servers.evacuate": async (cloud, { stranded }) => (await cloud.servers.evacuate(stranded)).result(),
  "hosts.evacuate": (cloud, { mark }) => cloud.hosts.evacuate(`grave-${mark.toLowerCase()}`),
  "hosts.unfence": async (cloud, { mark }) => {
    const unfence = await cloud.hosts.unfence(`grave-${mark.toLowerCase()}`);
    // Its agent is opened again.
    await cloudOf().clock.advance({ seconds: 20 });
    return unfence.result();
  },
  "images.import": async (cloud, { mark, folder }) => {
    const path = join(folder, "..", "disk.raw");
    return (await cloud.images.import({ name: `disk-${mark}`, path })).result();
  },
  "images.get": (cloud, { image }) => cloud.images.get(image),
  "images.list": (cloud) => all(cloud.images.list()),
  "images.export": (cloud, { image, folder }) => cloud.images.export(image, { path: join(folder, `${image}.raw`) }),
  "images.snapshot": async (cloud, { server }) => (await cloud.images.snapshot(server, { name: "kept" })).result(),
  "images.update": (cloud, { image, mark }) => cloud.images.update(image, { name: `kept-${mark}`, tags: { by: mark } }),
  "images.delete": async (cloud, { image }) => (await cloud.images.delete(image)).result(),
  "keypairs.import": (cloud, { mark }) => cloud.keypairs.import({ name: `key-${mark}`, publicKey }),
  "keypairs.generate": (cloud, { mark }) => cloud.keypairs.generate({ name: `made-${mark}` }),
  "keypairs.get": (cloud, { keypair }) => cloud.keypairs.get(keypair),
  "keypairs.list": (cloud) => all(cloud.keypairs.list()),
  "keypairs.delete": (cloud, { keypair }) => cloud.keypairs.delete(keypair),
  "log.list": (cloud) => all(cloud.log.list({ limit: 1000 })),
  "log.export": (cloud) => all(cloud.log.export()),
  "operations.abandon": (cloud, { hopeless }) => cloud.operations.abandon(hopeless, { reason: "nobody can help it" }),
  "operations.cancel": (cloud, { cancelled }) => cloud.operations.cancel(cancelled),
  "operations.retry": (cloud, { stuck }) => cloud.operations.retry(stuck),
  "operations.get": (cloud, { operation }) => cloud.operations.get(operation),
  "operations.list": (cloud) => all(cloud.operations.list()),
  "operations.result": async (cloud, { operation }) => (await cloud.operations.result(operation)).result(),
  "members.add": (cloud, { mark }) => cloud.members.add({ userId: `new-${mark}` }),
  "members.list": (cloud) => all(cloud.members.list()),
  "members.setRole": (cloud, { mark }) => cloud.members.setRole(`new-${mark}`, { role: "projectAdmin" }),
  "members.remove": (cloud, { mark }) => cloud.members.remove(`new-${mark}`),
  "projects.create": (cloud, { mark }) => cloud.projects.create({ name: `project-${mark}` }),
  "projects.get": (cloud) => cloud.projects.get("album"),
  "projects.list": (cloud) => all(cloud.projects.list()),
  "projects.summary": (cloud) => cloud.projects.summary(),
  "projects.rename": (cloud, { mark }) => cloud.projects.rename(`project-${mark}`, { name: `project-${mark}` }),
  "projects.suspend": (cloud, { mark }) => cloud.projects.suspend(`project-${mark}`),
  "projects.resume": (cloud, { mark }) => cloud.projects.resume(`project-${mark}`),
  "projects.delete": (cloud, { mark }) => cloud.projects.delete(`project-${mark}`),
  "quotaRequests.create": async (cloud) => {
    await asProduct().quotaRequests.withdraw(await openRequest());
    return cloud.quotaRequests.create({ limits: { vcpus: 100 }, reason: "more servers" });
  },
  "quotaRequests.get": async (cloud) => cloud.quotaRequests.get(await openRequest()),
  "quotaRequests.list": (cloud) => all(cloud.quotaRequests.list()),
  "quotaRequests.approve": async (cloud) => cloud.quotaRequests.approve(await openRequest()),
  "quotaRequests.reject": async (cloud) => cloud.quotaRequests.reject(await openRequest(), { reason: "no room" }),
  "quotaRequests.withdraw": async (cloud) => cloud.quotaRequests.withdraw(await openRequest()),
  "quotas.get": (cloud) => cloud.quotas.get(),
  "quotas.set": (cloud) => cloud.quotas.set("album", { servers: -1 }),
  "serverGroups.create": (cloud, { mark }) =>
    cloud.serverGroups.create({ name: `new-${mark}`, policy: "soft-affinity" }),
  "serverGroups.get": (cloud, { group }) => cloud.serverGroups.get(group),
  "serverGroups.list": (cloud) => all(cloud.serverGroups.list()),
  "serverGroups.delete": (cloud, { group }) => cloud.serverGroups.delete(group),
  "servers.create": async (cloud, { mark }) => {
    const request = { name: `new-${mark}`, flavor: "c1.e1", image: "debian-12" };
    return (await cloud.servers.create(request)).result();
  },
  "servers.adopt": async (cloud, { mark, stranger }) => {
    const guest = { host: "host-1", guest: stranger, name: `adopted-${mark}`, flavor: "c1.e1" };
    return (await cloud.servers.adopt(guest)).result();
  },
  "servers.get": (cloud, { server }) => cloud.servers.get(server),
  "servers.list": (cloud) => all(cloud.servers.list()),
  "servers.ready": (cloud, { server }) => cloud.servers.ready(server),
  "servers.reboot": async (cloud, { server }) => (await cloud.servers.reboot(server)).result(),
  "servers.stop": async (cloud, { server }) => (await cloud.servers.stop(server)).result(),
  "servers.start": async (cloud, { server }) => (await cloud.servers.start(server)).result(),
  "servers.console": (cloud, { server }) => cloud.servers.console(server),
  "servers.update": (cloud, { server }) => cloud.servers.update(server, {}),
  "servers.lock": (cloud, { server }) => cloud.servers.lock(server),
  "servers.unlock": (cloud, { server }) => cloud.servers.unlock(server),
  "servers.pause": async (cloud, { server }) => (await cloud.servers.pause(server)).result(),
  "servers.unpause": async (cloud, { server }) => (await cloud.servers.unpause(server)).result(),
  "servers.suspend": async (cloud, { server }) => (await cloud.servers.suspend(server)).result(),
  "servers.resume": async (cloud, { server }) => (await cloud.servers.resume(server)).result(),
  "servers.rebuild": async (cloud, { server }) =>
    (await cloud.servers.rebuild(server, { image: "debian-12" })).result(),
  "servers.rescue": async (cloud, { server }) => (await cloud.servers.rescue(server)).result(),
  "servers.unrescue": async (cloud, { server }) => (await cloud.servers.unrescue(server)).result(),
  "servers.resize": async (cloud, { server }) => (await cloud.servers.resize(server, { flavor: "c2.e4" })).result(),
  "servers.revertResize": async (cloud, { server }) => (await cloud.servers.revertResize(server)).result(),
  "servers.confirmResize": async (cloud, { resized }) => (await cloud.servers.confirmResize(resized)).result(),
  "servers.shelve": async (cloud, { server }) => (await cloud.servers.shelve(server)).result(),
  "servers.unshelve": async (cloud, { server }) => (await cloud.servers.unshelve(server)).result(),
  "servers.createDisk": async (cloud, { server, mark }) =>
    (await cloud.servers.createDisk(server, { sizeGib: 1, name: `disk-${mark}` })).result(),
  "servers.deleteDisk": async (cloud, { server, mark }) =>
    (await cloud.servers.deleteDisk(server, `disk-${mark}`)).result(),
  "servers.attachInterface": async (cloud, { server }) => (await cloud.servers.attachInterface(server)).result(),
  "servers.detachInterface": async (cloud, { server }) => {
    const { addresses } = await cloud.servers.get(server);
    return (await cloud.servers.detachInterface(server, addresses[1]?.nicId ?? "none")).result();
  },
  "servers.migrate": async (cloud, { server }) => (await cloud.servers.migrate(server)).result(),
  "servers.delete": async (cloud, { server }) => (await cloud.servers.delete(server, { restoreMs: 60_000 })).result(),
  "servers.restore": async (cloud, { server }) => (await cloud.servers.restore(server)).result(),
  "statistics.now": (cloud) => cloud.statistics.now(),
  "webhooks.create": (cloud) => cloud.webhooks.create({ url: "https://tickets.example/hooks" }),
  "webhooks.get": (cloud, { webhook }) => cloud.webhooks.get(webhook),
  "webhooks.list": (cloud) => all(cloud.webhooks.list()),
  "webhooks.update": (cloud, { webhook }) => cloud.webhooks.update(webhook, { kinds: ["server.*"] }),
  "webhooks.rotateSecret": (cloud, { webhook }) => cloud.webhooks.rotateSecret(webhook),
  "webhooks.test": (cloud, { webhook }) => cloud.webhooks.test(webhook),
  "webhooks.resume": (cloud, { webhook }) => cloud.webhooks.resume(webhook),
  "webhooks.deliveries": (cloud, { webhook }) => all(cloud.webhooks.deliveries({ webhook })),
  "webhooks.redeliver": (cloud, { delivery }) => cloud.webhooks.redeliver(delivery),
  "webhooks.delete": (cloud, { webhook }) => cloud.webhooks.delete(webhook),
};
/** The cloud itself, for calls that wait for what a timer does. */
const cloudOf = (): TestCloud => cloud;
const roles = ["member", "projectAdmin", "operator", "auditor", "system"] as const;
const methods = Object.keys(calls) as Permission[];
const isChanging = (method: Permission): method is ChangePermission => permissions[method].effect !== "reads";
const changing = methods.filter(isChanging);
const tiny = { vcpus: 1, milliEcuPerVcpu: 100, memoryMib: 64, systemDiskGib: 1 };

/** The product itself, in the project `album`. */
const asProduct = (): ActorCloud => cloud.as({ ...systemActor("prepares what is called"), projectId: "album" });

/** The id of the request for quota that is open; one is made where there is none. */
async function openRequest(): Promise<string> {
  const { quotaRequests } = asProduct();
  const [open] = await all(quotaRequests.list({ state: "open" }));
  return (open ?? (await quotaRequests.create({ limits: { vcpus: 90 }, reason: "to be decided" }))).id;
}

/** Methods that name a thing of no project, or a user: there is no other project whose thing it could be. */
const ofNoProject: readonly string[] = [
  "aggregates.addHost",
  "aggregates.delete",
  "aggregates.get",
  "aggregates.removeHost",
  "aggregates.setProperties",
  "flavors.delete",
  "flavors.get",
  "hosts.delete",
  "hosts.disable",
  "hosts.enable",
  "hosts.evacuate",
  "hosts.fence",
  "hosts.get",
  "hosts.unfence",
  "members.remove",
  "members.setRole",
  "quotas.set",
];

/** What is public, as the types say; and of that, what names a thing of a project. */
const surface = publicSurface();
const naming = surface
  .filter(({ name, names }) => names && !ofNoProject.includes(name))
  .map(({ name }) => name as Permission);

/** What the policy was asked, by whom; and whether it refuses all there is. */
const asked: string[] = [];
const refusing = new Set<string>();
const policy: Policy = {
  before({ method, actor, target }) {
    asked.push(`${actor.userId}: ${method}`);
    return refusing.has(actor.userId) ? { veto: { reason: `no ${method}`, code: target ?? "new" } } : undefined;
  },
};

let cloud: TestCloud;
let world: FakeWorld;
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cloudhost-permissions-"));
  // Takes tests, and refuses all else for good.
  const notifier = {
    name: "a stub",
    notify: async ({ kind }: Notification) => {
      if (kind !== "webhook.test") throw new CloudHostError("INTERNAL", "no", {});
    },
    [Symbol.asyncDispose]: async () => {},
  };
  const notifiers = { webhook: { check: () => {}, open: () => notifier } };
  const spares = [...roles, "vetoed"].map((role) => fakeHost({ name: `spare-${role.toLowerCase()}` }));
  const graves = [...roles, "vetoed", "foreign"].map((role) => `grave-${role.toLowerCase()}`);
  const zoned = graves.flatMap((zone) => [fakeHost({ name: zone, zone }), fakeHost({ name: `heir-of-${zone}`, zone })]);
  const hosts = [...fakeFleet({ hosts: 2 }), ...spares, ...zoned];
  world = holdFakeWorld(hosts);
  cloud = await createTestCloud({ hosts, projects: ["mail"], busFaults: {}, policy, notifiers });
  const product = cloud.as(systemActor("what operators work on"));
  // Nothing is placed where it would die with a host.
  for (const name of [...spares.map((spare) => spare.name), ...graves]) await product.hosts.disable(name);
  await product.aggregates.create({ name: "ssd" });
  await cloud.as(systemActor("room for every role")).quotas.set("album", { servers: -1, vcpus: -1, milliEcu: -1 });
  await cloud.as(amy).images.export("debian-12", { path: join(folder, "disk.raw") });
});
afterAll(async () => {
  await cloud.close();
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Makes things of the project `album`. */
async function makeThings(mark: string): Promise<Things> {
  const album = cloud.as(amy);
  const own = await mkdtemp(join(folder, "own-"));
  const path = join(folder, "disk.raw");
  const create = await album.servers.create({ name: `web-${mark}`, flavor: "c1.e1", image: "debian-12" });
  const image = await (await album.images.import({ name: `image-${mark}`, path })).result();
  const keypair = await album.keypairs.import({ name: `own-key-${mark}`, publicKey });
  const { id: webhook } = await album.webhooks.create({ url: "https://tickets.example/hooks" });
  await create.result();
  const larger = await album.servers.create({ name: `resized-${mark}`, flavor: "c1.e1", image: "debian-12" });
  await larger.result();
  await (await album.servers.resize(larger.resourceId, { flavor: "c2.e4" })).result();
  const zone = `grave-${mark.toLowerCase()}`;
  await asProduct().hosts.disable(`heir-of-${zone}`);
  await asProduct().hosts.enable(zone);
  const stranded = await album.servers.create({ name: `stranded-${mark}`, flavor: "c1.e1", image: "debian-12", zone });
  await stranded.result();
  await asProduct().hosts.disable(zone);
  await asProduct().hosts.enable(`heir-of-${zone}`);
  const group = await album.serverGroups.create({ name: `group-${mark}`, policy: "anti-affinity" });
  await cloud.clock.advance({ seconds: 5 });
  const [dead] = (await album.webhooks.deliveries({ webhook }).page()).items;
  const things = {
    mark,
    server: create.resourceId,
    resized: larger.resourceId,
    stranded: stranded.resourceId,
    image: image.id,
    keypair: keypair.id,
    group: group.id,
    webhook,
    delivery: dead?.id ?? "",
    folder: own,
    stranger: (await world.addStranger("host-1", { name: `stranger-${mark}` })).key,
  };
  const [stuck, hopeless] = [await makeStuck(`stuck-${mark}`), await makeStuck(`hopeless-${mark}`)];
  const cancelled = await album.servers.create({ name: `cancelled-${mark}`, flavor: "c1.e1", image: "debian-12" });
  await album.operations.cancel(cancelled.id);
  await expect(cancelled.result()).rejects.toMatchObject({ code: "CANCELLED" });
  return { ...things, operation: create.id, cancelled: cancelled.id, stuck, hopeless };
}

/** Makes a server, and a snapshot of it that fails at its end and cannot be taken back. */
async function makeStuck(name: string): Promise<string> {
  const album = cloud.as(amy);
  const server = await (await album.servers.create({ name, flavor: "c1.e1", image: "debian-12" })).result();
  const { host } = await cloud.as(systemActor("where it is")).servers.get(server.id);
  cloud.faults.failNext(host ?? "", "releaseDisk", { times: 8, code: "CONFLICT" });
  const snapshot = await album.images.snapshot(server.id, { name });
  await expect(snapshot.result()).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await album.operations.get(snapshot.id)).toMatchObject({ state: "stuck", step: "freeze" });
  return snapshot.id;
}

describe("the permissions' table", () => {
  it("has a line for every public method of the types, and no other", () => {
    const lines = Object.keys(permissions).toSorted();
    const how =
      "Give each new method a line in core's access/permissions.ts, saying whether it reads, changes or grows; a call in " +
      "`calls` of this file; and, where it names something that belongs to no project, its name in `ofNoProject`.";
    const declared = surface.map(({ name }) => name);
    const without = declared.filter((name) => !lines.includes(name)).map((name) => `${name} has no line. ${how}`);
    expect(without).toEqual([]);
    expect(declared.toSorted()).toEqual(lines);
  });

  it("is all that the classes have at run time", () => {
    const found = Object.entries(cloud.as(amy)).flatMap(([namespace, value]: [string, object]) =>
      typeof value === "function" ? [`${namespace}.read`] : methodsOf(value).map((name) => `${namespace}.${name}`),
    );
    expect(found.toSorted()).toEqual(surface.map(({ name }) => name).toSorted());
  });
});

describe.each(roles)("as %s", (role) => {
  it("every method does its work or is forbidden, as its line says", async () => {
    const things = await makeThings(role);
    const userId = `one ${role}`;
    const actor = cloud.as({ userId, projectId: "album", roles: [role], from: "192.0.2.7" });
    const outcomes: Record<string, string> = {};
    for (const method of methods) outcomes[method] = await outcome(calls[method](actor, things));
    const expected = methods.map((method) => {
      return [method, permissions[method].roles.includes(role) ? "done" : `FORBIDDEN ${method}`];
    });
    expect(outcomes).toEqual(Object.fromEntries(expected));
    const allowed = changing.filter((method) => permissions[method].roles.includes(role));
    expect(asked.filter((one) => one.startsWith(`${userId}:`)).toSorted()).toEqual(
      allowed.map((method) => `${userId}: ${method}`).toSorted(),
    );
    const lines = await all(cloud.as(systemActor("looks back")).log.list({ userId, limit: 1000 }));
    const told = lines.filter(({ operationId, result }) => operationId === null || result === "accepted");
    expect(told.map(({ method, result }) => `${method} ${result}`).toSorted()).toEqual(
      methods
        .filter((method) => isChanging(method) || !permissions[method].roles.includes(role))
        .map((method) => `${method} ${permissions[method].roles.includes(role) ? "accepted" : "refused"}`)
        .toSorted(),
    );
    expect(told.every((line) => line.from === "192.0.2.7" && line.roles[0] === role)).toBe(true);
    // There was nothing to repair.
    const about = told.filter(({ method }) => method !== "hosts.repairUsage");
    expect(about.filter(({ result, resources }) => result === "accepted" && resources.length === 0)).toEqual([]);
  });
});

describe("the product's policy", () => {
  it("can refuse every change, and then nothing is done", async () => {
    const things = await makeThings("vetoed");
    // What the calls that come later in the table would find.
    const product = asProduct();
    for (const method of changing.filter((name) => /\.(create|add)$/.test(name))) await calls[method](product, things);
    refusing.add("vera");
    const vera = cloud.as({ userId: "vera", projectId: "album", roles: ["projectAdmin", "operator"] });
    const before = await snapshotOf(vera);
    for (const method of changing)
      expect(`${method}: ${await outcome(calls[method](vera, things))}`).toBe(`${method}: VETOED`);
    expect(await snapshotOf(vera)).toEqual(before);
    const lines = await all(vera.log.list({ userId: "vera", limit: 1000 }));
    expect(lines.map(({ method, code }) => `${method} ${code}`).toSorted()).toEqual(
      changing.map((method) => `${method} VETOED`).toSorted(),
    );
  });
});

/** What there is of everything that is listed. */
const snapshotOf = async (actor: ActorCloud): Promise<unknown> => [
  await all(actor.servers.list()),
  await all(actor.images.list()),
  await all(actor.keypairs.list()),
  await all(actor.flavors.list()),
  await all(actor.operations.list({ limit: 1000 })),
  await all(actor.projects.list()),
  (await all(actor.hosts.list())).map(({ name, enabled }) => [name, enabled]),
  await actor.quotas.get(),
];

describe("another project's things", () => {
  const strangers: readonly [string, Actor][] = [
    ["a member", { userId: "pat", projectId: "mail", roles: ["member"] }],
    ["an operator who acts in a project", { userId: "olga", projectId: "mail", roles: ["operator"] }],
    ["somebody who is also an auditor", { userId: "ada", projectId: "mail", roles: ["member", "auditor"] }],
  ];
  let things: Things;
  let names: Things;
  beforeAll(async () => {
    things = await makeThings("foreign");
    names = {
      ...things,
      server: "web-foreign",
      resized: "resized-foreign",
      stranded: "stranded-foreign",
      image: "image-foreign",
      keypair: "own-key-foreign",
      group: "group-foreign",
    };
  });

  it.each(strangers)("are not there for %s, by id or by name", async (_, actor) => {
    const seesProjects = actor.roles.some((role) => role !== "member");
    for (const method of naming.filter((name) => !name.startsWith("projects.") || !seesProjects)) {
      const may = permissions[method].roles.some((role) => actor.roles.includes(role));
      const expected = may ? "NOT_FOUND" : `FORBIDDEN ${method}`;
      for (const named of [things, names]) {
        expect(`${method}: ${await outcome(calls[method](cloud.as(actor), named))}`).toBe(`${method}: ${expected}`);
      }
    }
    expect((await cloud.as(amy).servers.get(things.server)).state).toBe("active");
  });

  it.each(strangers)("are in no list of %s", async (_, actor) => {
    const mail = cloud.as(actor);
    expect(await all(mail.servers.list())).toEqual([]);
    expect(await all(mail.keypairs.list())).toEqual([]);
    expect(await all(mail.serverGroups.list())).toEqual([]);
    expect(await all(mail.operations.list())).toEqual([]);
    expect(await all(mail.webhooks.list())).toEqual([]);
    expect(await all(mail.webhooks.deliveries())).toEqual([]);
    expect((await all(mail.images.list())).map(({ name }) => name)).toEqual(["debian-12"]);
    expect(await all(mail.images.list({ server: things.server }))).toEqual([]);
    expect((await mail.quotas.get()).map(({ used }) => used)).toEqual(Array(9).fill(0));
  });

  it("are no part of a project's events", async () => {
    const mail = cloud.as({ userId: "pat", projectId: "mail", roles: ["member"] });
    const first = firstValueFrom(mail.events());
    const create = await mail.servers.create({ name: "own", flavor: "c1.e1", image: "debian-12" });
    await create.result();
    expect(await first).toMatchObject({ resourceId: create.resourceId });
    await (await mail.servers.delete("own")).result();
  });

  it("cannot be booted from, and a public image not be deleted or made", async () => {
    const mail = cloud.as({ userId: "pat", projectId: "mail", roles: ["member"] });
    const boot = { name: "web", flavor: "c1.e1", image: things.image };
    expect(await outcome(mail.servers.create(boot))).toBe("NOT_FOUND");
    expect(await outcome(mail.servers.create({ ...boot, image: "debian-12", keypair: names.keypair }))).toBe(
      "NOT_FOUND",
    );
    expect(await outcome(mail.servers.create({ ...boot, image: "debian-12", group: things.group }))).toBe("NOT_FOUND");
    expect(await outcome(mail.images.delete("debian-12"))).toBe("FORBIDDEN images.delete of a public image");
    const renaming = mail.images.update("debian-12", { name: "ours" });
    expect(await outcome(renaming)).toBe("FORBIDDEN images.update of a public image");
    const path = join(folder, "disk.raw");
    const making = mail.images.import({ name: "ours", path, visibility: "public" });
    expect(await outcome(making)).toBe("FORBIDDEN images.import of a public image");
  });
});

describe("who acts in no project", () => {
  it("is told that a member's call needs one", async () => {
    const nowhere = cloud.as({ userId: "pat", roles: ["member"] });
    for (const method of methods.filter((name) => permissions[name].roles.includes("member"))) {
      const refused = calls[method](nowhere, {
        mark: "x",
        server: "x",
        resized: "x",
        stranded: "x",
        image: "x",
        keypair: "x",
        group: "x",
        operation: "x",
        stranger: "x",
        cancelled: "x",
        stuck: "x",
        hopeless: "x",
        webhook: "x",
        delivery: "x",
        folder,
      });
      await expect(refused).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        details: { issues: [{ path: "actor.projectId" }] },
      });
    }
  });

  it("and operates the cloud sees every project's things, and hosts", async () => {
    const olga = cloud.as({ userId: "olga", roles: ["operator"] });
    const servers = await all(olga.servers.list({ state: "active" }));
    expect(servers.length).toBeGreaterThan(0);
    expect(servers.every(({ host }) => host !== null)).toBe(true);
    expect((await all(cloud.as(amy).servers.list({ state: "active" }))).every(({ host }) => host === null)).toBe(true);
    expect((await all(olga.operations.list())).length).toBeGreaterThan(5);
  });

  it("and both watches and uses the cloud changes nothing of others", async () => {
    const both = cloud.as({ userId: "ada", roles: ["member", "auditor"] });
    const [server] = await all(both.servers.list());
    await expect(both.servers.delete(server?.id ?? "")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
