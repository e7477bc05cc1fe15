import { z } from "zod";
import { idOf } from "../ids.ts";
import { byCreation, byName, oneOrMore } from "../lists/filters.ts";
import { pageBy } from "../lists/page-by.ts";
import { Label, Name, NameOrId } from "../names.ts";
import { ServerAddress } from "../networks/model.ts";
import { TimeoutMs } from "../operations/model.ts";
import { ErrorRecord } from "../ports/bus.ts";
import { AdoptGuest } from "../ports/guest-adopter.ts";
import { Bandwidth } from "../ports/network-driver.ts";
import { DataDisk } from "./data-disk.ts";
import { TagChanges, Tags } from "../tags/tags.ts";

/**
 * How a server is. What an operation does to it meanwhile is told by `busy` and the operation's progress.
 *
 * - `building` until it first runs;
 * - `active`, `paused` (its vCPUs stand), `suspended` (its memory is on its host's disk) and `stopped` by its power;
 * - `rescued` while it runs from another image, its own disk beside it;
 * - `resized` until the new size is confirmed or reverted;
 * - `shelved` while it is on no host, its disks in the image store;
 * - `error` when an operation failed and left it unusable;
 * - `softDeleted` while it can still be restored, `deleting`, and then `deleted`: kept as history, found no more.
 */
export const ServerState = z.enum([
  "building",
  "active",
  "stopped",
  "paused",
  "suspended",
  "rescued",
  "resized",
  "shelved",
  "softDeleted",
  "deleting",
  "deleted",
  "error",
]);
export type ServerState = z.infer<typeof ServerState>;

/** Whether its OS has booted, since when; never guessed from the power state. */
export const GuestStatus = z.strictObject({
  state: z.enum(["unknown", "booting", "ready"]),
  sinceMs: z.int(),
});
export type GuestStatus = z.infer<typeof GuestStatus>;

/** A server: a guest on a host, and what it bought. */
export const Server = z.strictObject({
  id: idOf("srv"),
  projectId: idOf("prj"),
  userId: z.string(),
  name: z.string(),
  /** What its project has marked it with. */
  tags: Tags,
  state: ServerState,
  guest: GuestStatus,
  flavor: z.string(),
  vcpus: z.int(),
  milliEcuPerVcpu: z.int(),
  memoryMib: z.int(),
  systemDiskGib: z.int(),
  ephemeralDiskGib: z.int(),
  /** The oldest first. */
  dataDisks: z.array(DataDisk),
  /** Further countable resources that it holds. */
  resources: z.record(z.string(), z.int()),
  /** What it was made of; `null` of one that was adopted as it was found. */
  imageId: idOf("img").nullable(),
  /** The availability zone it is in, once placed. */
  zone: z.string().nullable(),
  /** For operators: the host's name. `null` for everybody else, and until it is placed. */
  host: z.string().nullable(),
  addresses: z.array(ServerAddress),
  internal: Bandwidth,
  external: Bandwidth.nullable(),
  keypair: z.string().nullable(),
  /** Name of its server group. */
  group: z.string().nullable(),
  /** Whether an operation has it now: then others are refused with `CONFLICT`. */
  busy: z.boolean(),
  /** Whether a lock keeps its project from changing it. */
  locked: z.boolean(),
  /** The operation that has it, or had it last. */
  operationId: idOf("op"),
  /** What went wrong last, when the state is `error`. */
  fault: ErrorRecord.nullable(),
  /** Until when a `softDeleted` one can be restored; `null` in every other state. */
  restorableUntilMs: z.int().nullable(),
  createdAtMs: z.int(),
});
export type Server = z.infer<typeof Server>;

const userDataMost = 65_536;

/** What a server's OS is given at its first boot, as base64 from here on. */
export const UserData = z
  .union([
    z.string().transform((text) => Buffer.from(text, "utf8")),
    z.instanceof(Uint8Array).transform((bytes) => Buffer.from(bytes)),
  ])
  .refine((bytes) => bytes.length <= userDataMost, `more than ${userDataMost} bytes`)
  .transform((bytes) => bytes.toString("base64"));

/** What a server is made of. */
export const CreateServer = z.strictObject({
  name: Name,
  flavor: NameOrId,
  image: NameOrId,
  /** Availability zone. @defaultValue any */
  zone: Name.optional(),
  /** External bandwidth to buy, in kbit/s. @defaultValue 0: it reaches no external network */
  externalKbit: z.int().min(0).max(100_000_000).default(0),
  /** Name of a keypair of the project. */
  keypair: Name.optional(),
  /**
   * What its OS is given at its first boot, 64 KiB at most: a script, a cloud-config. Text, or bytes. Kept with the server,
   * and given back to nobody.
   */
  userData: UserData.optional(),
  /** Server group of the project: where it goes beside the group's other servers. */
  group: NameOrId.optional(),
  /** What it is marked with, to be found by. @defaultValue nothing */
  tags: Tags.optional(),
  /** The same key with the same request gives the same operation, for 7 days. */
  idempotencyKey: Label.optional(),
  /**
   * How long creating it may take, in milliseconds, a week at most; then everything is taken back, and it fails with
   * `DEADLINE_EXCEEDED`. @defaultValue what the cloud's `timeoutsMs` says, else no limit
   */
  timeoutMs: TimeoutMs.optional(),
});
export type CreateServer = z.input<typeof CreateServer>;

/** Which guest of a host becomes a server, and whose. */
export const AdoptServer = z.strictObject({
  /** Name or id of the host. */
  host: NameOrId,
  /** Its `id`, as `hosts.unknownGuests` tells it. */
  guest: AdoptGuest.shape.key,
  /** Name or id of the project whose server it becomes. @defaultValue the project in which the operator acts */
  project: NameOrId.optional(),
  /** Of the server. The guest keeps its own in the hypervisor's tools. */
  name: Name,
  /** Equal to what the guest has, or larger. */
  flavor: NameOrId,
  /**
   * Whether it gets an interface on the cloud's network in the place of its own, which needs it stopped.
   * @defaultValue false: it keeps its own interfaces, and the cloud knows no address of it
   */
  joinNetwork: z.boolean().default(false),
  idempotencyKey: Label.optional(),
  /** How long it may take, in milliseconds, a week at most; then it is given back. @defaultValue as for `create` */
  timeoutMs: TimeoutMs.optional(),
});
export type AdoptServer = z.input<typeof AdoptServer>;

/** How many servers may be created at once. */
export const serversAtOnceMost = 100;

/** Several servers that are alike, called `name-1`, `name-2` and so on. */
export const CreateServers = CreateServer.extend({
  /** How many. */
  count: z.int().min(1).max(serversAtOnceMost),
  /**
   * Whether there is a place and quota for all of them, or none is created; otherwise each is created or refused by
   * itself. Afterwards each goes its own way: what its host fails at fails one server. @defaultValue false
   */
  allOrNothing: z.boolean().default(false),
}).refine(({ name, count }) => `${name}-${count}`.length <= 63, {
  path: ["name"],
  message: "too long: with its number behind it a name has at most 63 characters",
});
export type CreateServers = z.input<typeof CreateServers>;

/** Which servers to list, in which order: what is said must all hold. */
export const ListServers = pageBy(["createdAt", "name"]).extend({
  ...byName,
  ...byCreation,
  state: oneOrMore(ServerState).optional(),
  /** Name of its flavor. */
  flavor: Name.optional(),
  /** Id of the image that it was made from. */
  imageId: idOf("img").optional(),
  zone: Name.optional(),
  /** For operators: the name or id of its host. */
  host: NameOrId.optional(),
  /** Who made it. */
  userId: Label.optional(),
  /** Tags that it has, all of them, with these values. The rarest is best told first. */
  tags: Tags.optional(),
});
export type ListServers = z.input<typeof ListServers>;

/** How long its OS may take before the power is cut. */
export const StopServer = z.strictObject({
  /** 0 cuts at once. @defaultValue 30,000 */
  graceMs: z.int().min(0).max(600_000).default(30_000),
  idempotencyKey: Label.optional(),
});
export type StopServer = z.input<typeof StopServer>;

/** How to restart its OS. */
export const RebootServer = StopServer.extend({
  /** Cut the power at once; `graceMs` is then of no account. @defaultValue false */
  hard: z.boolean().default(false),
});
export type RebootServer = z.input<typeof RebootServer>;

/** What to make its disk of. */
export const RebuildServer = StopServer.extend({ image: NameOrId });
export type RebuildServer = z.input<typeof RebuildServer>;

/** What to rescue it with. */
export const RescueServer = StopServer.extend({
  /** @defaultValue the cloud's `rescueImage`, and where it has none the image that the server was made from */
  image: NameOrId.optional(),
});
export type RescueServer = z.input<typeof RescueServer>;

/** How long a deleted server can be restored, in milliseconds: 30 days at most, and 0 not at all. */
export const RestoreMs = z.int().min(0).max(2_592_000_000);

/** How to delete it. */
export const DeleteServer = z.strictObject({
  /** How long it can be restored. 0 deletes it at once. @defaultValue the cloud's `restoreMs` */
  restoreMs: RestoreMs.optional(),
  idempotencyKey: Label.optional(),
});
export type DeleteServer = z.input<typeof DeleteServer>;

/** Its new flavor. */
export const ResizeServer = z.strictObject({ flavor: NameOrId, idempotencyKey: Label.optional() });
export type ResizeServer = z.input<typeof ResizeServer>;

/** Where to move it. */
export const MigrateServer = z.strictObject({
  /** Name or id of the host. @defaultValue the best of those that fit */
  host: NameOrId.optional(),
  idempotencyKey: Label.optional(),
});
export type MigrateServer = z.input<typeof MigrateServer>;

/** How to make a server of a fenced host anew. */
export const EvacuateServer = z.strictObject({
  /** Name or id of the host to make it on. @defaultValue the best of those that fit */
  host: NameOrId.optional(),
  /** What its system disk is made from: a snapshot of it, or another image. @defaultValue its own image */
  image: NameOrId.optional(),
  /** Without an `image`, its latest snapshot, where it has one. @defaultValue false */
  latestSnapshot: z.boolean().default(false),
  idempotencyKey: Label.optional(),
});
export type EvacuateServer = z.input<typeof EvacuateServer>;

/** How to make all servers of a fenced host anew. */
export const EvacuateHost = EvacuateServer.pick({ latestSnapshot: true });
export type EvacuateHost = z.input<typeof EvacuateHost>;

/** What of it to change. What is not named stays. */
export const UpdateServer = z.strictObject({
  name: Name.optional(),
  /** Tags to set, `null` to take one away; others stay. */
  tags: TagChanges.optional(),
});
export type UpdateServer = z.input<typeof UpdateServer>;

/** How much of its console to read. */
export const ServerConsole = z.strictObject({
  /** At most so many bytes of the end, 1 to 1,048,576. @defaultValue 65,536 */
  mostBytes: z.int().min(1).max(1_048_576).default(65_536),
});
export type ServerConsole = z.input<typeof ServerConsole>;

/** For an action without options of its own. */
export const ServerAction = z.strictObject({ idempotencyKey: Label.optional() });
export type ServerAction = z.input<typeof ServerAction>;

/** So many network interfaces a server has at most. */
export const mostInterfaces = 8;

/** A network interface to take away. */
export const DetachInterface = z.strictObject({
  /** Its address, or its id. */
  nic: NameOrId,
  idempotencyKey: Label.optional(),
});

/** How long to wait for its OS. */
export const AwaitReady = z.strictObject({ timeoutMs: z.int().min(1).max(86_400_000).default(300_000) });
export type AwaitReady = z.input<typeof AwaitReady>;
