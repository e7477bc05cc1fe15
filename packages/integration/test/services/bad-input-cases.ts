import type { ActorCloud } from "@cloudhost/core";
import { lastValueFrom } from "rxjs";

/** What means something to a shell, to XML, to a path, to SQL or to PostgreSQL. */
const evilNames = [
  "$(reboot)",
  "`id`",
  "a; rm -rf /",
  "a|b",
  "<name/>",
  "a&b",
  "'--",
  '"',
  "../../etc",
  "a b",
  "a\nb",
  "a\0b",
  "",
];
/** A server as it should be asked for. */
export const good = { name: "web-1", flavor: "c1.e1", image: "debian-12" };
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIARH64Mw7wZfW/5z0RiDkkz4N4Kb2xYpgjx834SIHPLo amy@laptop";
/** A flavor as it should be. */
export const flavor = { name: "f", vcpus: 1, milliEcuPerVcpu: 1000, memoryMib: 64, systemDiskGib: 1 };

type Call = (cloud: ActorCloud, input: never) => unknown;

/** A method, inputs that it does not take, and the paths of their faults. */
export type Case = readonly [method: string, call: Call, inputs: readonly (readonly [unknown, readonly string[]])[]];

const pages: Case[2] = [
  [null, [""]],
  ["all", [""]],
  [{ limit: 0 }, ["limit"]],
  [{ limit: 1001, after: "a b" }, ["limit", "after"]],
  [{ after: "x".repeat(41) }, ["after"]],
  [{ after: 5 }, ["after"]],
  [{ offset: 5 }, [""]],
  [{ order: "up" }, ["order"]],
  [{ sort: "password" }, ["sort"]],
];
const list =
  (
    namespace:
      | "aggregates"
      | "flavors"
      | "hosts"
      | "images"
      | "keypairs"
      | "members"
      | "operations"
      | "projects"
      | "serverGroups"
      | "servers",
  ): Call =>
  (cloud, input) =>
    cloud[namespace].list(input).page();
/** Of an argument that is a name or an id. */
const named = (path: string): Case[2] =>
  [...evilNames, undefined, null, 42, {}, [], "x".repeat(256)].map((value) => [value, [path]]);
const keys: Case[2] = [
  [{ idempotencyKey: "" }, ["idempotencyKey"]],
  [{ idempotencyKey: "a\0b" }, ["idempotencyKey"]],
  [{ idempotencyKey: "x".repeat(256) }, ["idempotencyKey"]],
];

/** What a member may call. */
export const asMember: readonly Case[] = [
  [
    "servers.create",
    (cloud, input) => cloud.servers.create(input),
    [
      ...evilNames.map((name): [unknown, string[]] => [{ ...good, name }, ["name"]]),
      ...evilNames.map((zone): [unknown, string[]] => [{ ...good, zone }, ["zone"]]),
      ...evilNames.map((keypair): [unknown, string[]] => [{ ...good, keypair }, ["keypair"]]),
      [undefined, [""]],
      [{}, ["name", "flavor", "image"]],
      [{ ...good, color: "red" }, [""]],
      [{ ...good, name: "x".repeat(64), externalKbit: -1 }, ["name", "externalKbit"]],
      [{ ...good, externalKbit: 1.5 }, ["externalKbit"]],
      [{ ...good, flavor: { vcpus: 2 }, image: 7 }, ["flavor", "image"]],
      [{ ...good, group: "<group>" }, ["group"]],
      [{ ...good, tags: { "": "a", ok: "a\0b" } }, ["tags.", "tags.ok"]],
      [{ ...good, tags: { ok: "x".repeat(257) } }, ["tags.ok"]],
      [{ ...good, tags: { ok: "\ud800" } }, ["tags.ok"]],
      [{ ...good, tags: ["a"] }, ["tags"]],
      [{ ...good, userData: "x".repeat(65_537) }, ["userData"]],
      [{ ...good, userData: 5 }, ["userData"]],
      ...keys.map(([input, paths]): [unknown, readonly string[]] => [{ ...good, ...(input as object) }, paths]),
    ],
  ],
  ["servers.get", (cloud, name) => cloud.servers.get(name), named("server")],
  ["servers.start", (cloud, name) => cloud.servers.start(name), named("server")],
  ["servers.start", (cloud, input) => cloud.servers.start("web-0", input), [...keys, [{ graceMs: 1 }, [""]]]],
  ["servers.stop", (cloud, name) => cloud.servers.stop(name), named("server")],
  [
    "servers.stop",
    (cloud, input) => cloud.servers.stop("web-0", input),
    [...keys, [{ graceMs: -1 }, ["graceMs"]], [{ graceMs: "1" }, ["graceMs"]], [{ force: true }, [""]]],
  ],
  ["servers.reboot", (cloud, name) => cloud.servers.reboot(name), named("server")],
  ["servers.reboot", (cloud, input) => cloud.servers.reboot("web-0", input), [[{ graceMs: 600_001 }, ["graceMs"]]]],
  ["servers.delete", (cloud, name) => cloud.servers.delete(name), named("server")],
  ["servers.delete", (cloud, input) => cloud.servers.delete("web-0", input), keys],
  ["servers.createDisk", (cloud, name) => cloud.servers.createDisk(name, { sizeGib: 1 }), named("server")],
  [
    "servers.createDisk",
    (cloud, input) => cloud.servers.createDisk("web-0", input),
    [
      [undefined, [""]],
      [{}, ["sizeGib"]],
      [{ sizeGib: 0 }, ["sizeGib"]],
      [{ sizeGib: 65_537 }, ["sizeGib"]],
      [{ sizeGib: 1.5, name: "../x" }, ["sizeGib", "name"]],
      [{ sizeGib: 1, detached: true }, [""]],
      [{ sizeGib: 1, idempotencyKey: "" }, ["idempotencyKey"]],
    ],
  ],
  ["servers.deleteDisk", (cloud, name) => cloud.servers.deleteDisk(name, "data"), named("server")],
  ["servers.deleteDisk", (cloud, disk) => cloud.servers.deleteDisk("web-0", disk), named("disk")],
  ["servers.deleteDisk", (cloud, input) => cloud.servers.deleteDisk("web-0", "data", input), keys],
  ["servers.attachInterface", (cloud, name) => cloud.servers.attachInterface(name), named("server")],
  ["servers.attachInterface", (cloud, input) => cloud.servers.attachInterface("web-0", input), keys],
  ["servers.detachInterface", (cloud, name) => cloud.servers.detachInterface(name, "10.0.0.3"), named("server")],
  ["servers.detachInterface", (cloud, nic) => cloud.servers.detachInterface("web-0", nic), named("nic")],
  ["servers.detachInterface", (cloud, input) => cloud.servers.detachInterface("web-0", "10.0.0.3", input), keys],
  ["servers.ready", (cloud, name) => cloud.servers.ready(name), named("server")],
  ["servers.ready", (cloud, input) => cloud.servers.ready("web-0", input), [[{ timeoutMs: 0 }, ["timeoutMs"]]]],
  [
    "servers.list",
    list("servers"),
    [
      ...pages,
      [{ state: "lost", zone: "a b", name: "a\0" }, ["state", "zone", "name"]],
      [{ state: [], tags: { "<a>": "b" }, namePrefix: "%" }, ["state", "tags.<a>", "namePrefix"]],
    ],
  ],
  [
    "servers.update",
    (cloud, input) => cloud.servers.update("web-0", input),
    [
      [{ tags: { role: 1 } }, ["tags.role"]],
      [{ tags: null }, ["tags"]],
    ],
  ],
  ["members.list", list("members"), [...pages, [{ role: "operator" }, ["role"]]]],
  ["serverGroups.get", (cloud, name) => cloud.serverGroups.get(name), named("group")],
  ["serverGroups.delete", (cloud, name) => cloud.serverGroups.delete(name), named("group")],
  [
    "serverGroups.create",
    (cloud, input) => cloud.serverGroups.create(input),
    [
      [{}, ["name", "policy"]],
      [{ name: "db", policy: "far-apart" }, ["policy"]],
      ...evilNames.map((name): [unknown, string[]] => [{ name, policy: "affinity" }, ["name"]]),
    ],
  ],
  ["serverGroups.list", list("serverGroups"), [...pages, [{ policy: "near", server: "a b" }, ["policy", "server"]]]],
  ["images.get", (cloud, name) => cloud.images.get(name), named("image")],
  ["images.delete", (cloud, name) => cloud.images.delete(name), named("image")],
  ["images.update", (cloud, name) => cloud.images.update(name, {}), named("image")],
  [
    "images.update",
    (cloud, input) => cloud.images.update("debian-12", input),
    [
      [undefined, [""]],
      [{ name: "a b", tags: { ok: 1 } }, ["name", "tags.ok"]],
      [{ visibility: "public" }, [""]],
    ],
  ],
  ["images.snapshot", (cloud, name) => cloud.images.snapshot(name, { name: "s" }), named("server")],
  [
    "images.snapshot",
    (cloud, input) => cloud.images.snapshot("web-0", input),
    [[undefined, [""]], ...evilNames.map((name): [unknown, string[]] => [{ name }, ["name"]])],
  ],
  ["images.export", (cloud, name) => cloud.images.export(name, { path: "/tmp/none" }), named("image")],
  [
    "images.export",
    (cloud, input) => cloud.images.export("debian-12", input),
    [
      [{ path: "relative.raw" }, ["path"]],
      [{ path: "/a\0b" }, ["path"]],
      [{ path: "/tmp/x", format: "vmdk" }, ["format"]],
    ],
  ],
  [
    "images.import",
    (cloud, input) => cloud.images.import(input),
    [
      [{}, ["name", "path"]],
      [{ name: "ok", path: "disk.raw" }, ["path"]],
      [{ name: "a/b", path: "/disk.raw", minDiskGib: -1 }, ["name", "minDiskGib"]],
      [{ name: "ok", path: "/disk.raw", minMemoryMib: 2 ** 40 }, ["minMemoryMib"]],
      [{ name: "ok", path: "/disk.raw", visibility: "shared" }, ["visibility"]],
      [{ name: "ok", path: "/disk.raw", properties: { kernelArguments: "a\nb" } }, ["properties.kernelArguments"]],
      [
        { name: "ok", path: "/disk.raw", properties: { architecture: "sparc", colour: 1 } },
        ["properties.architecture", "properties"],
      ],
      ...keys.map(([input, paths]): [unknown, readonly string[]] => [
        { name: "ok", path: "/disk.raw", ...(input as object) },
        paths,
      ]),
    ],
  ],
  [
    "images.list",
    list("images"),
    [...pages, [{ state: "lost", server: "a b", tags: { "": "" } }, ["state", "server", "tags."]]],
  ],
  ["keypairs.get", (cloud, name) => cloud.keypairs.get(name), named("keypair")],
  ["keypairs.delete", (cloud, name) => cloud.keypairs.delete(name), named("keypair")],
  ["keypairs.list", list("keypairs"), pages],
  [
    "webhooks.create",
    (cloud, input) => cloud.webhooks.create(input),
    [
      [{}, ["url"]],
      [{ url: "https://a.example", secret: "short" }, ["secret"]],
      [{ url: "https://a.example", secret: "with a space in it" }, ["secret"]],
      [{ url: "https://a.example", kinds: [] }, ["kinds"]],
      [{ url: "https://a.example", kinds: ["*"] }, ["kinds.0"]],
      [{ url: "https://a.example", events: ["server.*"] }, [""]],
    ],
  ],
  ["webhooks.get", (cloud, name) => cloud.webhooks.get(name), named("webhook")],
  [
    "webhooks.deliveries",
    (cloud, input) => cloud.webhooks.deliveries(input).page(),
    [...pages, [{ state: "lost" }, ["state"]]],
  ],
  ["webhooks.redeliver", (cloud, name) => cloud.webhooks.redeliver(name), named("delivery")],
  [
    "keypairs.generate",
    (cloud, input) => cloud.keypairs.generate(input),
    [
      [{}, ["name"]],
      [{ name: "amy", type: "dsa" }, ["type"]],
      [{ name: "amy", publicKey }, [""]],
      ...evilNames.map((name): [unknown, string[]] => [{ name }, ["name"]]),
    ],
  ],
  [
    "keypairs.import",
    (cloud, input) => cloud.keypairs.import(input),
    [
      [{}, ["name", "publicKey"]],
      [{ name: "amy", publicKey: "ssh-rsa AAAA" }, ["publicKey"]],
      [{ name: "amy", publicKey: `${publicKey}\n${publicKey}` }, ["publicKey"]],
      ...evilNames.map((name): [unknown, string[]] => [{ name, publicKey }, ["name"]]),
    ],
  ],
  ["flavors.get", (cloud, name) => cloud.flavors.get(name), named("flavor")],
  ["flavors.list", list("flavors"), pages],
  ["projects.get", (cloud, name) => cloud.projects.get(name), named("project")],
  ["operations.get", (cloud, name) => cloud.operations.get(name), named("operation")],
  ["operations.result", (cloud, name) => cloud.operations.result(name), named("operation")],
  ["operations.list", list("operations"), [...pages, [{ state: "lost", resourceId: "'" }, ["state", "resourceId"]]]],
  [
    "events",
    (cloud, input) => lastValueFrom(cloud.events(input)),
    [
      [{ after: -1 }, ["after"]],
      [{ after: "start" }, ["after"]],
      [{ from: 1 }, [""]],
    ],
  ],
];

/** What operators alone may call. */
export const asOperator: readonly Case[] = [
  [
    "flavors.create",
    (cloud, input) => cloud.flavors.create(input),
    [
      [{}, ["name", "vcpus", "milliEcuPerVcpu", "memoryMib", "systemDiskGib"]],
      [{ ...flavor, vcpus: 0, memoryMib: 2 ** 40 }, ["vcpus", "memoryMib"]],
      [{ ...flavor, resources: { gpu: 1 } }, ["resources.gpu"]],
      [{ ...flavor, resources: { GPU: 1 } }, ["resources.GPU"]],
      [{ ...flavor, resources: { milliEcu: 1 } }, ["resources.milliEcu"]],
      [{ ...flavor, requires: { ssd: true } }, ["requires.ssd"]],
      [{ ...flavor, price: 5 }, [""]],
      ...evilNames.map((name): [unknown, string[]] => [{ ...flavor, name }, ["name"]]),
    ],
  ],
  ["flavors.delete", (cloud, name) => cloud.flavors.delete(name), named("flavor")],
  ["projects.create", (cloud, name) => cloud.projects.create({ name }), evilNames.map((name) => [name, ["name"]])],
  ["projects.list", list("projects"), pages],
  ["quotas.set", (cloud, name) => cloud.quotas.set(name, { servers: 1 }), named("project")],
  [
    "quotas.set",
    (cloud, input) => cloud.quotas.set("album", input),
    [
      [undefined, [""]],
      [{ servers: -2, vcpus: 1.5 }, ["servers", "vcpus"]],
      [{ gpus: 1 }, [""]],
    ],
  ],
  ["hosts.get", (cloud, name) => cloud.hosts.get(name), named("host")],
  ["hosts.enable", (cloud, name) => cloud.hosts.enable(name), named("host")],
  ["hosts.disable", (cloud, name) => cloud.hosts.disable(name), named("host")],
  ["hosts.delete", (cloud, name) => cloud.hosts.delete(name), named("host")],
  ["aggregates.get", (cloud, name) => cloud.aggregates.get(name), named("aggregate")],
  ["aggregates.delete", (cloud, name) => cloud.aggregates.delete(name), named("aggregate")],
  ["aggregates.list", list("aggregates"), pages],
  ["aggregates.addHost", (cloud, name) => cloud.aggregates.addHost("ssd", name), named("host")],
  ["aggregates.addHost", (cloud, name) => cloud.aggregates.addHost(name, "host-1"), named("aggregate")],
  ["aggregates.removeHost", (cloud, name) => cloud.aggregates.removeHost("ssd", name), named("host")],
  ["aggregates.setProperties", (cloud, name) => cloud.aggregates.setProperties(name, {}), named("aggregate")],
  [
    "aggregates.setProperties",
    (cloud, input) => cloud.aggregates.setProperties("ssd", input),
    [
      [null, ["properties"]],
      [{ ssd: 1 }, ["properties.ssd"]],
    ],
  ],
  [
    "aggregates.create",
    (cloud, input) => cloud.aggregates.create(input),
    [
      [{}, ["name"]],
      [{ name: "ssd", properties: { ssd: "a\0b" } }, ["properties.ssd"]],
      [{ name: "ssd", hosts: ["host-1"] }, [""]],
      ...evilNames.map((name): [unknown, string[]] => [{ name }, ["name"]]),
    ],
  ],
  ["hosts.list", list("hosts"), [...pages, [{ zone: "a b", state: "lost" }, ["state", "zone"]]]],
  [
    "statistics.now",
    (cloud, input) => cloud.statistics.now(input),
    [
      [null, [""]],
      [{ zone: "a\0b", host: "<h>" }, ["zone", "host"]],
      [{ region: "eu" }, [""]],
    ],
  ],
];
