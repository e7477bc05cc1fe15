import { dirname, resolve } from "node:path";
import type { Container } from "inversify";
import type { Knex } from "knex";
import { z } from "zod";
import { CloudHostError } from "./errors.ts";
import type { Policy } from "./access/policy.ts";
import type { DeclaredResourcesOption } from "./hosts/declared-resources.ts";
import { TimeoutMs } from "./operations/model.ts";
import { NameOrId } from "./names.ts";
import { FixedNetwork } from "./networks/model.ts";
import { parseInput } from "./parse.ts";
import { HostConfig } from "./ports/driver-module.ts";
import type { HostFence } from "./ports/host-fence.ts";
import type { ImageStoreConfig } from "./ports/image-store.ts";
import type { Logger } from "./ports/logger.ts";
import type { WebhookCarrier } from "./ports/notifier.ts";
import { QuotaLimits } from "./quotas/model.ts";
import type { Scheduler } from "./ports/scheduler.ts";
import { DriftPolicy } from "./servers/drift.ts";
import { WebhookSettings } from "./webhooks/model.ts";
import { RestoreMs } from "./servers/model.ts";

/** What a cloud is made of. */
export interface CloudOptions {
  /**
   * `sqlite:PATH`, `postgres://…`, or a knex instance of the product's own (PostgreSQL), which stays the product's to
   * close.
   */
  readonly database: string | Knex;
  /** What places servers: `filterScheduler()`. */
  readonly scheduler: Scheduler;
  /** Where disk images are: `imageStore({ backend })`. */
  readonly images: ImageStoreConfig;
  /** The hosts that this process runs. One that does not open is `down` with its reason. */
  readonly hosts?: readonly z.input<typeof HostConfig>[];
  /**
   * What cuts a dead host off, so that its servers can be evacuated.
   * @defaultValue nothing: somebody has to confirm that the host is off
   */
  readonly fence?: HostFence | undefined;
  /** The flat network of fixed addresses. It cannot change later. @defaultValue `{ cidr: "10.0.0.0/16" }` */
  readonly network?: z.input<typeof FixedNetwork>;
  /** The product's say in every change: it may refuse one, or complete its input. */
  readonly policy?: Policy;
  /**
   * Who says what an actor is in a project: the actor itself, that is the host product (`actor`), or the members that
   * `members.add` and `members.setRole` keep (`members`). Then the roles `member` and `projectAdmin` of an actor do not
   * count, and a project of which they are no member does not exist for them. The other roles are the product's always.
   * @defaultValue `"actor"`
   */
  readonly projectRoles?: "actor" | "members";
  /** Limits of new projects, where they differ from ours: `quotaDefinitions` has those. In base units. */
  readonly quotas?: QuotaLimits;
  /** Countable resources besides the built-in ones: `{ gpu: { unit: "device" } }`. */
  readonly resources?: DeclaredResourcesOption;
  /** The product's own container: whatever of `tokens` is bound in it takes the place of ours. */
  readonly container?: Container;
  /** Put before each table's name: `[a-z0-9_]*`. @defaultValue `""` */
  readonly tablePrefix?: string;
  /** Whether the schema is brought to this version at the start. Without it, an older one is refused. @defaultValue true */
  readonly migrate?: boolean;
  /** Pino-shaped. The library itself never writes to stdout. @defaultValue says nothing */
  readonly logger?: Logger;
  /**
   * What this process does: accept calls, run operations and hosts, or both. An `api` process opens no host.
   * @defaultValue `"both"`
   */
  readonly runs?: "api" | "operations" | "both";
  /**
   * Folder of the hosts' command journals, caches and drivers.
   * @defaultValue beside the SQLite file; on PostgreSQL `./cloudhost-state`
   */
  readonly stateDir?: string;
  /** How long an operation or a host stays its process's without a sign of life, in ms. @defaultValue 10,000 */
  readonly leaseMs?: number;
  /** Operations under way at once in this process. @defaultValue 64 */
  readonly concurrency?: number;
  /**
   * By kind of operation, how long one may take that was asked for without a limit of its own, in ms; then everything is
   * taken back: `{ "server.create": 600_000 }`. @defaultValue no limit
   */
  readonly timeoutsMs?: Readonly<Record<string, number>>;
  /** How often a host is heard of, in ms; after three missed it is suspect, after six down. @defaultValue 2,000 */
  readonly heartbeatMs?: number;
  /** How long events are kept for those who follow them, in ms: an hour at least. @defaultValue 2,592,000,000: 30 days */
  readonly eventsKeptMs?: number;
  /**
   * What is done when a guest stopped, or was started, behind our back, and when a host comes back without its guests
   * running. A guest that is gone is always an `error` of its server, which keeps what it claims until it is deleted or
   * rebuilt.
   * @defaultValue `{ stopped: "record", started: "record", afterHostRestart: "as-before" }`
   */
  readonly drift?: z.input<typeof DriftPolicy>;
  /** How long a line of the operation log is kept, in ms: a day at least. @defaultValue for ever */
  readonly logKeptMs?: number;
  /**
   * What carries messages out of the cloud. `webhook`: `webhookCarrier()` of `@cloudhost/notifiers`.
   * @defaultValue nothing: subscriptions are refused with `UNSUPPORTED`
   */
  readonly notifiers?: { readonly webhook?: WebhookCarrier };
  /** How webhooks are tried again, and the key that their secrets are encrypted with. */
  readonly webhooks?: z.input<typeof WebhookSettings>;
  /**
   * How long a deleted server can be restored, in ms, where its deletion does not say: 30 days at most.
   * @defaultValue 0: it is deleted at once
   */
  readonly restoreMs?: number;
  /** What a server is rescued with, where that is not said: an image's name or id. @defaultValue its own image */
  readonly rescueImage?: string;
  /** How long `close()` waits for operations under way, in ms; the rest goes on at the next start. @defaultValue 10,000 */
  readonly drainMs?: number;
}

const Checked = z.strictObject({
  hosts: z.array(HostConfig).default([]),
  network: FixedNetwork.prefault({}),
  migrate: z.boolean().default(true),
  projectRoles: z.enum(["actor", "members"]).default("actor"),
  quotas: QuotaLimits.prefault({}),
  runs: z.enum(["api", "operations", "both"]).default("both"),
  stateDir: z.string().optional(),
  leaseMs: z.int().min(100).default(10_000),
  concurrency: z.int().min(1).max(1024).default(64),
  timeoutsMs: z.record(z.string(), TimeoutMs).default({}),
  heartbeatMs: z.int().min(100).default(2000),
  logKeptMs: z.int().min(86_400_000).optional(),
  eventsKeptMs: z.int().min(3_600_000).default(2_592_000_000),
  drift: DriftPolicy.prefault({}),
  webhooks: WebhookSettings.prefault({}),
  restoreMs: RestoreMs.default(0),
  rescueImage: NameOrId.optional(),
  drainMs: z.int().min(0).default(10_000),
});

/** The options that are data, checked and with their defaults. */
export type CheckedOptions = z.infer<typeof Checked> & { readonly stateDir: string };

/** @throws CloudHostError `INVALID_ARGUMENT` */
export function checkOptions(options: CloudOptions): CheckedOptions {
  parseInput(z.looseObject({}), options, "a cloud's options");
  const {
    database,
    scheduler,
    images,
    container: _,
    logger: __,
    tablePrefix: ___,
    resources: ____,
    policy,
    fence,
    notifiers,
    ...data
  } = options;
  const checked = parseInput(Checked, data, "a cloud's options");
  const names = checked.hosts.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  const issues = [
    ...(twice === undefined ? [] : [{ path: "hosts", message: `two hosts have the name ${twice}` }]),
    ...(typeof database === "string" || typeof database === "function"
      ? []
      : [{ path: "database", message: "neither sqlite:PATH, nor postgres://…, nor a knex instance" }]),
    ...(typeof scheduler?.openFleet === "function"
      ? []
      : [{ path: "scheduler", message: "not a scheduler: filterScheduler()" }]),
    ...(notifiers?.webhook === undefined || typeof notifiers.webhook.open === "function"
      ? []
      : [{ path: "notifiers.webhook", message: "carries no webhooks: webhookCarrier()" }]),
    ...(fence === undefined || (typeof fence?.fence === "function" && typeof fence.unfence === "function")
      ? []
      : [{ path: "fence", message: "not a fence: { name, fence(host) { … }, unfence(host) { … } }" }]),
    ...(typeof images?.open === "function"
      ? []
      : [{ path: "images", message: "not an image store: imageStore({ … })" }]),
    ...(policy === undefined || typeof policy?.before === "function"
      ? []
      : [{ path: "policy", message: "not a policy: { before(request) { … } }" }]),
  ];
  if (issues.length > 0) {
    throw new CloudHostError("INVALID_ARGUMENT", `These are not a cloud's options: ${issues[0]?.message}.`, { issues });
  }
  const file = typeof database === "string" ? /^sqlite:([^?]+)/.exec(database)?.[1] : undefined;
  const beside = file === undefined ? resolve("cloudhost-state") : dirname(resolve(file));
  return { ...checked, stateDir: resolve(checked.stateDir ?? beside) };
}
