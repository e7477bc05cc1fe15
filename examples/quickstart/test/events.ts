import type { EventOf, QuickstartEvent } from "../src/events.ts";

const capacity = (total: number, used: number) => ({ total, used, available: total - used });
const chunks = { total: 32, zero: 16, duplicate: 2, new: 14 };
const resources = {
  milliEcu: capacity(60_000, 17_000),
  memoryMib: capacity(63_488, 9000),
  diskGib: capacity(980, 50),
  internalKbit: capacity(900_000, 136_000),
  externalKbit: capacity(1_000_000, 10_000),
};

/** An example of each event. */
export const events: { readonly [Name in QuickstartEvent["event"]]: EventOf<Name> } = {
  started: { event: "started", format: 1, driver: "fake", state: "/srv/quickstart", continues: false, pid: 7 },
  step: { event: "step", number: 1, of: 7, title: "Three hosts in two zones" },
  waiting: { event: "waiting", for: "the leases of a run that was cut off", atMostMs: 9000 },
  progress: { event: "progress", of: "importing", step: "store", percent: 62 },
  daemon: { event: "daemon", socket: "/srv/libvirt-sock", pid: 8, virtType: "qemu" },
  found: { event: "found", images: ["quickstart", "before-upgrade"], operations: 14 },
  recovered: {
    event: "recovered",
    operations: [{ id: "op_1", kind: "server.create", state: "failed" }],
    servers: ["web-1"],
    images: ["disk"],
  },
  hosts: {
    event: "hosts",
    hosts: [
      {
        name: "host-1",
        zone: "az-1",
        cpuModel: "Intel(R) Xeon(R) CPU E5-2650 0 @ 2.00GHz",
        hypervisor: "fake",
        guestCores: 15,
        milliEcuPerCore: 4000,
        milliEcuEstimated: false,
        resources,
      },
    ],
  },
  made: {
    event: "made",
    path: "/srv/image.raw",
    logicalBytes: 2 ** 27,
    files: 209,
    fileBytes: 2 ** 25,
    layout: "ext4",
  },
  image: {
    event: "image",
    id: "img_1",
    name: "quickstart",
    found: false,
    logicalBytes: 2 ** 27,
    storedBytes: 2 ** 22,
    chunks,
    ms: 1200,
  },
  project: { event: "project", id: "prj_1", name: "album", found: false },
  flavors: {
    event: "flavors",
    flavors: [{ name: "c2.e4", vcpus: 2, milliEcuPerVcpu: 2000, memoryMib: 2048, systemDiskGib: 20 }],
  },
  server: {
    event: "server",
    id: "srv_1",
    name: "web-1",
    flavor: "c1.e1",
    asked: "az-1",
    zone: "az-1",
    host: "host-1",
    address: "10.0.0.2",
    externalKbit: 10_000,
    why: {
      candidates: [{ host: "host-1", resource: "milliEcu", percent: 1.7 }],
      turnedAway: [{ host: "host-2", filter: "AvailabilityZoneFilter", need: "az-1", have: "az-2" }],
    },
    ms: 400,
  },
  ready: { event: "ready", servers: ["web-1", "web-2"], ms: 1000 },
  refused: {
    event: "refused",
    name: "big-1",
    flavor: "c12.e48",
    code: "NO_VALID_HOST",
    text: "No host can take big-1 (12 vCPUs, 48 EUCU, 32.3 GiB).\n  ECUFilter  turned away 1 of 1",
    turnedAway: [{ host: "host-1", filter: "ECUFilter", need: 48_000, have: 39_000, unit: "mEUCU" }],
  },
  snapshot: {
    event: "snapshot",
    id: "img_2",
    name: "before-upgrade",
    server: "web-1",
    logicalBytes: 10 * 2 ** 30,
    storedBytes: 33_326,
    chunks: { total: 2560, zero: 2544, duplicate: 14, new: 2 },
    removed: 1,
    ms: 700,
  },
  quotas: {
    event: "quotas",
    project: "album",
    quotas: [
      { quota: "milliEcu", unit: "mEUCU", limit: 120_000, used: 23_000, available: 97_000 },
      { quota: "diskGib", unit: "GiB", limit: -1, used: 90, available: -1 },
      { quota: "externalFloatingIps", unit: "addresses", limit: 0, used: 0, available: 0 },
    ],
  },
  operationsView: {
    event: "operationsView",
    servers: 5,
    vcpus: 9,
    resources,
    hosts: [{ name: "host-1", zone: "az-1", resources }],
  },
  kernel: {
    event: "kernel",
    server: "web-1",
    pid: 9,
    group: "/sys/fs/cgroup/cpu/machine/qemu-1",
    checks: [
      { what: "cpu.shares", from: "/sys/fs/cgroup", expected: "1024", found: "1024", holds: true },
      { what: "cpu.cfs_quota_us", from: "/sys/fs/cgroup", expected: "25000", found: "-1", holds: false },
    ],
  },
  deleted: { event: "deleted", servers: ["web-1", "web-2"], ms: 200 },
  done: { event: "done", ms: 6900, state: "/srv/quickstart", images: 2, operations: 14 },
  stopping: { event: "stopping", signal: "SIGINT" },
  stopped: { event: "stopped", signal: "SIGINT", inTime: true, state: "/srv/quickstart" },
  failed: { event: "failed", code: "LOCKED", message: "Another quickstart is at work.", advice: ["Let it end."] },
};
