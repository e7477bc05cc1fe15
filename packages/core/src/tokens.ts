import type { ServiceIdentifier } from "inversify";
import type { Subject } from "rxjs";
import type { Policy } from "./access/policy.ts";
import type { AggregateStore } from "./aggregates/store.ts";
import type { Heartbeats } from "./agent/heartbeats.ts";
import type { LogStore } from "./audit/store.ts";
import type { Database } from "./database/database.ts";
import type { EventRetention } from "./events/retention.ts";
import type { FlavorStore } from "./flavors/store.ts";
import type { ClaimChanges } from "./hosts/claim-changes.ts";
import type { Claims } from "./hosts/claims.ts";
import type { DeclaredResourceNames } from "./hosts/declared-resources.ts";
import type { FleetFeed } from "./hosts/fleet-feed.ts";
import type { FenceStore } from "./hosts/fence-store.ts";
import type { HostMonitor } from "./hosts/host-monitor.ts";
import type { HostRuntime } from "./hosts/host-runtime.ts";
import type { UsageAuditor } from "./hosts/usage-audit.ts";
import type { HostStore } from "./hosts/store.ts";
import type { Ids } from "./ids.ts";
import type { ImageRecords } from "./images/store.ts";
import type { KeypairStore } from "./keypairs/store.ts";
import type { BandwidthPolicy } from "./networks/bandwidth-policy.ts";
import type { NetworkConvergence } from "./networks/convergence.ts";
import type { NetworkRow, NetworkStore } from "./networks/store.ts";
import type { OnBoundary } from "./operations/boundary.ts";
import type { OperationEngine } from "./operations/engine.ts";
import type { OperationRecords } from "./operations/store.ts";
import type { AgentBus, Bus } from "./ports/bus.ts";
import type { Clock } from "./ports/clock.ts";
import type { HostFence } from "./ports/host-fence.ts";
import type { ImageStore } from "./ports/image-store.ts";
import type { Logger } from "./ports/logger.ts";
import type { WebhookCarrier } from "./ports/notifier.ts";
import type { Scheduler } from "./ports/scheduler.ts";
import type { MemberStore } from "./projects/member-store.ts";
import type { ProjectStore } from "./projects/store.ts";
import type { QuotaLimits } from "./quotas/model.ts";
import type { QuotaRequestStore } from "./quotas/request-store.ts";
import type { QuotaStore } from "./quotas/store.ts";
import type { ServerGroupStore } from "./server-groups/store.ts";
import type { ServerEvacuations } from "./servers/evacuations.ts";
import type { ShelvedStore } from "./servers/shelved-store.ts";
import type { GuestWatch } from "./servers/guest-watch.ts";
import type { DriftPolicy } from "./servers/drift.ts";
import type { PowerSync } from "./servers/power-sync.ts";
import type { ServerPurge } from "./servers/purge.ts";
import type { ServerOptions } from "./servers/server-calls.ts";
import type { SeedStore } from "./servers/seed-store.ts";
import type { DataDiskStore } from "./servers/data-disk-store.ts";
import type { ServerSizes } from "./servers/sizes.ts";
import type { AdoptionPlanner } from "./servers/adoption-planner.ts";
import type { ServerPlanner } from "./servers/planner.ts";
import type { UnknownGuests } from "./servers/unknown-guests.ts";
import type { UnknownGuestStore } from "./hosts/unknown-guest-store.ts";
import type { ComparisonStore } from "./servers/comparison-store.ts";
import type { ServerStore } from "./servers/store.ts";
import type { WebhookCourier } from "./webhooks/courier.ts";
import type { DeliveryStore } from "./webhooks/delivery-store.ts";
import type { WebhookSettings } from "./webhooks/model.ts";
import type { SecretBox } from "./webhooks/secret-box.ts";
import type { WebhookStore } from "./webhooks/store.ts";

/** What the process is like: told to the modules once, before they are loaded. */
export interface RuntimeSettings {
  /** Folder of command journals, caches and drivers. */
  readonly stateDir: string;
  readonly leaseMs: number;
  readonly concurrency: number;
  readonly heartbeatMs: number;
  readonly drift: DriftPolicy;
  /** By kind of operation, how long one may take, in milliseconds. */
  readonly timeoutsMs: Readonly<Record<string, number>>;
  readonly eventsKeptMs: number;
  readonly webhooks: WebhookSettings;
  readonly servers: ServerOptions;
  /** What cuts hosts off, where there is something. */
  readonly fence: HostFence | undefined;
  readonly runsOperations: boolean;
  /** Fires when the cloud closes. */
  readonly closed: AbortSignal;
  readonly onBoundary: OnBoundary;
  /** The host product's say in every change, if it has one. */
  readonly policy: Policy | undefined;
  /** Whether roles in a project are the members' table's to say, or the actor's. */
  readonly projectRoles: "actor" | "members";
  /** Limits of a new project, where they differ from ours. */
  readonly quotas: QuotaLimits;
}

/**
 * A token that carries its type: binding a factory with its tokens in the wrong order is then a compile error. Nothing
 * else makes tokens. A product makes its own with it.
 */
export const token = <T>(name: string): ServiceIdentifier<T> => Symbol.for(`@cloudhost/${name}`);

/** Everything that the container has. Bind one before `createCloud` and it takes the place of ours. */
export const tokens = {
  aggregates: token<AggregateStore>("AggregateStore"),
  bandwidthPolicy: token<BandwidthPolicy>("BandwidthPolicy"),
  bus: token<Bus & AgentBus>("Bus"),
  claimChanges: token<ClaimChanges>("ClaimChanges"),
  claims: token<Claims>("Claims"),
  clock: token<Clock>("Clock"),
  database: token<Database>("Database"),
  declaredResources: token<DeclaredResourceNames>("DeclaredResources"),
  dataDisks: token<DataDiskStore>("DataDiskStore"),
  engine: token<OperationEngine>("OperationEngine"),
  evacuations: token<ServerEvacuations>("ServerEvacuations"),
  shelved: token<ShelvedStore>("ShelvedStore"),
  eventRetention: token<EventRetention>("EventRetention"),
  feed: token<FleetFeed>("FleetFeed"),
  fences: token<FenceStore>("FenceStore"),
  fixedNetwork: token<NetworkRow>("FixedNetwork"),
  flavors: token<FlavorStore>("FlavorStore"),
  guestWatch: token<GuestWatch>("GuestWatch"),
  heartbeats: token<Heartbeats>("Heartbeats"),
  hostMonitor: token<HostMonitor>("HostMonitor"),
  hosts: token<HostStore>("HostStore"),
  ids: token<Ids>("Ids"),
  images: token<ImageRecords>("ImageRecords"),
  imageStore: token<ImageStore>("ImageStore"),
  keypairs: token<KeypairStore>("KeypairStore"),
  log: token<LogStore>("LogStore"),
  logger: token<Logger>("Logger"),
  members: token<MemberStore>("MemberStore"),
  networkConvergence: token<NetworkConvergence>("NetworkConvergence"),
  networks: token<NetworkStore>("NetworkStore"),
  onBoundary: token<OnBoundary>("OnBoundary"),
  operations: token<OperationRecords>("OperationRecords"),
  outboxWritten: token<Subject<void>>("OutboxWritten"),
  planner: token<ServerPlanner>("ServerPlanner"),
  adoptionPlanner: token<AdoptionPlanner>("AdoptionPlanner"),
  powerSync: token<PowerSync>("PowerSync"),
  projects: token<ProjectStore>("ProjectStore"),
  quotaRequests: token<QuotaRequestStore>("QuotaRequestStore"),
  quotas: token<QuotaStore>("QuotaStore"),
  runtime: token<HostRuntime>("HostRuntime"),
  scheduler: token<Scheduler>("Scheduler"),
  seeds: token<SeedStore>("SeedStore"),
  serverGroups: token<ServerGroupStore>("ServerGroupStore"),
  serverPurge: token<ServerPurge>("ServerPurge"),
  servers: token<ServerStore>("ServerStore"),
  comparisons: token<ComparisonStore>("ComparisonStore"),
  serverSizes: token<ServerSizes>("ServerSizes"),
  settings: token<RuntimeSettings>("RuntimeSettings"),
  usageAuditor: token<UsageAuditor>("UsageAuditor"),
  unknownGuestRows: token<UnknownGuestStore>("UnknownGuestStore"),
  unknownGuests: token<UnknownGuests>("UnknownGuests"),
  webhookCarrier: token<WebhookCarrier>("WebhookCarrier"),
  webhookCourier: token<WebhookCourier>("WebhookCourier"),
  webhookDeliveries: token<DeliveryStore>("DeliveryStore"),
  webhooks: token<WebhookStore>("WebhookStore"),
  webhookSecrets: token<SecretBox>("SecretBox"),
} as const;
