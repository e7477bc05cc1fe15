import { Capacity, ChunkCounts } from "@cloudhost/core";
import { z } from "zod";

/** A host that a filter turned away: what was needed, what it has. */
const TurnedAway = z.strictObject({
  host: z.string(),
  filter: z.string(),
  need: z.union([z.number(), z.string()]),
  have: z.union([z.number(), z.string()]),
  unit: z.string().optional(),
});
export type TurnedAway = z.infer<typeof TurnedAway>;

/** A host that could take a server, and how full it would be of the resource that it would then have least of. */
const Candidate = z.strictObject({ host: z.string(), resource: z.string(), percent: z.number() });
export type Candidate = z.infer<typeof Candidate>;

/** Why a server went where it went: the hosts that could take it, best first, and those that could not. */
export const Placement = z.strictObject({ candidates: z.array(Candidate), turnedAway: z.array(TurnedAway) });
export type Placement = z.infer<typeof Placement>;

const resources = z.record(z.string(), Capacity);
const milliseconds = z.number().min(0);
const event = <Name extends string, Shape extends z.ZodRawShape>(name: Name, shape: Shape) =>
  z.strictObject({ event: z.literal(name), ...shape });

/**
 * What the quickstart tells: a person as text, a program as one JSON object a line (`--json`). Amounts are in base
 * units, which their names say; times are in milliseconds.
 */
export const QuickstartEvent = z.discriminatedUnion("event", [
  event("started", {
    /** Of these events; it changes when an event loses or changes a field. */
    format: z.literal(1),
    driver: z.enum(["fake", "libvirt"]),
    /** The folder that everything is kept in. */
    state: z.string(),
    /** Whether an earlier run left something there. */
    continues: z.boolean(),
    pid: z.int(),
  }),
  event("step", { number: z.int().min(1), of: z.int().min(1), title: z.string() }),
  event("waiting", { for: z.string(), atMostMs: milliseconds }),
  event("progress", { of: z.string(), step: z.string(), percent: z.int().min(0).max(100) }),
  event("daemon", {
    socket: z.string(),
    /** Of a libvirtd of the quickstart's own; `null` for one that was there already. */
    pid: z.int().nullable(),
    /** How guests run: on the processor (`kvm`), in emulation (`qemu`), or as the driver finds out. */
    virtType: z.enum(["kvm", "qemu", "auto"]),
  }),
  event("found", {
    images: z.array(z.string()),
    operations: z.int(),
  }),
  event("recovered", {
    operations: z.array(z.strictObject({ id: z.string(), kind: z.string(), state: z.string() })),
    servers: z.array(z.string()),
    images: z.array(z.string()),
  }),
  event("hosts", {
    hosts: z.array(
      z.strictObject({
        name: z.string(),
        zone: z.string(),
        cpuModel: z.string(),
        hypervisor: z.string(),
        guestCores: z.int(),
        milliEcuPerCore: z.int(),
        milliEcuEstimated: z.boolean(),
        resources,
      }),
    ),
  }),
  event("made", {
    path: z.string(),
    logicalBytes: z.int(),
    files: z.int(),
    fileBytes: z.int(),
    /** `ext4`: a file system; `plain`: the files one behind the other, where there is no mke2fs. */
    layout: z.enum(["ext4", "plain"]),
  }),
  event("image", {
    id: z.string(),
    name: z.string(),
    /** Whether it was imported by an earlier run. */
    found: z.boolean(),
    logicalBytes: z.int(),
    storedBytes: z.int(),
    chunks: ChunkCounts,
    ms: milliseconds,
  }),
  event("project", { id: z.string(), name: z.string(), found: z.boolean() }),
  event("flavors", {
    flavors: z.array(
      z.strictObject({
        name: z.string(),
        vcpus: z.int(),
        milliEcuPerVcpu: z.int(),
        memoryMib: z.int(),
        systemDiskGib: z.int(),
      }),
    ),
  }),
  event("server", {
    id: z.string(),
    name: z.string(),
    flavor: z.string(),
    /** The zone asked for, or `null`: any. */
    asked: z.string().nullable(),
    zone: z.string(),
    host: z.string(),
    address: z.string(),
    externalKbit: z.int(),
    why: Placement,
    ms: milliseconds,
  }),
  event("ready", { servers: z.array(z.string()), ms: milliseconds }),
  event("refused", {
    name: z.string(),
    flavor: z.string(),
    code: z.literal("NO_VALID_HOST"),
    /** The explanation for people. */
    text: z.string(),
    turnedAway: z.array(TurnedAway),
  }),
  event("snapshot", {
    id: z.string(),
    name: z.string(),
    server: z.string(),
    logicalBytes: z.int(),
    storedBytes: z.int(),
    chunks: ChunkCounts,
    /** Snapshots of earlier runs that made room for it. */
    removed: z.int(),
    ms: milliseconds,
  }),
  event("quotas", {
    project: z.string(),
    quotas: z.array(
      z.strictObject({
        quota: z.string(),
        unit: z.string(),
        limit: z.int(),
        used: z.int(),
        available: z.int(),
      }),
    ),
  }),
  event("operationsView", {
    servers: z.int(),
    vcpus: z.int(),
    resources,
    hosts: z.array(z.strictObject({ name: z.string(), zone: z.string(), resources })),
  }),
  event("kernel", {
    server: z.string(),
    /** Its QEMU's process, and its control group. */
    pid: z.int(),
    group: z.string(),
    checks: z.array(
      z.strictObject({
        /** What was read: `cpu.shares`, `vCPU 0 runs on`, `rate to the internal network`. */
        what: z.string(),
        /** Where it was read. */
        from: z.string(),
        expected: z.string(),
        found: z.string(),
        holds: z.boolean(),
      }),
    ),
  }),
  event("deleted", { servers: z.array(z.string()), ms: milliseconds }),
  event("done", {
    ms: milliseconds,
    state: z.string(),
    images: z.int(),
    operations: z.int(),
  }),
  event("stopping", { signal: z.string() }),
  event("stopped", {
    signal: z.string(),
    /** Whether all was put away in time; if not, the next run does it. */
    inTime: z.boolean(),
    state: z.string(),
  }),
  event("failed", { code: z.string(), message: z.string(), advice: z.array(z.string()) }),
]);
export type QuickstartEvent = z.infer<typeof QuickstartEvent>;

/** One kind of event. */
export type EventOf<Name extends QuickstartEvent["event"]> = Extract<QuickstartEvent, { event: Name }>;

/** Tells an event to whoever listens. */
export type Say = (event: QuickstartEvent) => void;
