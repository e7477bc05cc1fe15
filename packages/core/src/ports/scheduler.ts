import type { ResourceAmounts, ResourceName } from "./host.ts";

/** What a server needs of a host, resolved by core: no name, no flavor, no image is left to look up. */
export interface PlacementRequest {
  /** Seeds the tie-break, so that a decision can be replayed: the server's id. */
  readonly seed: string;
  readonly serverName: string;
  readonly projectId: string;
  /** Countable resources that the claim will take. */
  readonly resources: Readonly<ResourceAmounts>;
  readonly vcpus: number;
  readonly milliEcuPerVcpu: number;
  /** Only hosts of this availability zone. */
  readonly zone: string | undefined;
  /** What its flavor requires of a host: a value of each of these properties. */
  readonly requires: Readonly<Record<string, string>>;
  /** Server groups it is in. */
  readonly groups: readonly PlacementGroup[];
  /** What its image asks of a host. */
  readonly image: { readonly architecture: string | undefined; readonly hypervisor: string | undefined };
}

/** A group that the server is in, and where its other members are. */
export interface PlacementGroup {
  readonly name: string;
  /** `affinity`: on one host. `anti-affinity`: a host each. The soft ones only prefer that. */
  readonly policy: "affinity" | "anti-affinity" | "soft-affinity" | "soft-anti-affinity";
  /** Ids of the hosts that have a member, once for each member. */
  readonly hostIds: readonly string[];
}

/** A host as the scheduler sees it. */
export interface HostView {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  /** `suspect`: heartbeats are missing; it gets no new server. */
  readonly state: "up" | "suspect" | "down";
  /** Whether an operator lets it take new servers. */
  readonly enabled: boolean;
  /** Neither reserved nor claimed. */
  readonly free: Readonly<ResourceAmounts>;
  /** After the reserve. */
  readonly total: Readonly<ResourceAmounts>;
  readonly guestCores: number;
  readonly milliEcuPerCore: number;
  readonly architecture: string;
  readonly hypervisor: string;
  readonly cpuModel: string;
  readonly capabilities: Readonly<Record<string, boolean>>;
  /** What the aggregates that it is in say of it: every value of each property. */
  readonly properties: Readonly<Record<string, readonly string[]>>;
}

/** A change of the fleet: a host as it is now, or its end. */
export type FleetChange =
  | { readonly kind: "host"; readonly host: HostView }
  | { readonly kind: "noHost"; readonly hostId: string };

/** Why a host was turned away: what was needed, what it has. */
export interface Refusal {
  readonly need: number | string;
  readonly have: number | string;
  /** Of the numbers: `mEUCU`, `MiB`, `GiB`, `kbit/s`, `vCPUs`. */
  readonly unit?: string | undefined;
  /** Which resource, where a filter looks at several: `internalKbit`, `gpu`. */
  readonly resource?: string | undefined;
}

/** A host that a filter turned away. */
export interface RefusedHost extends Refusal {
  readonly host: string;
}

/** What one filter of the chain did: it saw only the hosts that all filters before it let pass. */
export interface FilterOutcome {
  readonly filter: string;
  /** How many hosts it was asked about. */
  readonly of: number;
  /** How many of them it turned away. */
  readonly refused: number;
  /** Those, the one that lacked least first. */
  readonly hosts: readonly RefusedHost[];
}

/** Why no host takes a server, or which do: per filter and down to the host. */
export interface PlacementExplanation {
  readonly server: {
    readonly name: string;
    readonly vcpus: number;
    readonly resources: Readonly<Record<string, number>>;
    readonly zone?: string | undefined;
  };
  /** Hosts in the fleet. */
  readonly hosts: number;
  /** Hosts that every filter let pass. */
  readonly passed: number;
  readonly filters: readonly FilterOutcome[];
}

/** Where a server may go, best first, or why nowhere; of the fleet at a revision. */
export type Decision =
  | { readonly candidates: readonly string[]; readonly revision: number }
  | { readonly refusal: PlacementExplanation; readonly revision: number };

/** A view of the fleet that core owns and feeds from its store. It takes values and returns values: no I/O, no clock. */
export interface Fleet {
  readonly revision: number;
  /** Brings the view to a newer revision; an older one is passed over. */
  apply(changes: readonly FleetChange[], revision: number): void;
  /** Ids of up to some ten hosts, best first. */
  decide(request: PlacementRequest): Decision;
  /** The whole chain's outcome for this request, without any cache. */
  explain(request: PlacementRequest): PlacementExplanation;
}

/** Places servers. What `filterScheduler()` returns; another needs only this. */
export interface Scheduler {
  /** A view of a fleet of no hosts yet. */
  openFleet(): Fleet;
}

type Amounts<Prefix extends string> = `${Prefix}.${ResourceName}`;

/** A field of a request that a rule may read; `resources` is every amount. */
export type RequestField =
  | "resources"
  | Amounts<"resources">
  | "vcpus"
  | "milliEcuPerVcpu"
  | "zone"
  | "requires"
  | "groups"
  | "image.architecture"
  | "image.hypervisor"
  | "projectId";

/**
 * A field of a host that a rule may read; `free` and `total` are every amount. `membership` is the host's `id`, read only
 * to look it up among the hosts that the request's groups name: to such a rule, all hosts that no group names are alike.
 */
export type HostField =
  | "free"
  | "total"
  | Amounts<"free">
  | Amounts<"total">
  | "id"
  | "membership"
  | "name"
  | "zone"
  | "state"
  | "enabled"
  | "guestCores"
  | "milliEcuPerCore"
  | "architecture"
  | "hypervisor"
  | "cpuModel"
  | "capabilities"
  | "properties";

/** What a cached result of a rule depends on: nothing else may be read. */
export interface RuleReads {
  readonly request: readonly RequestField[];
  readonly host: readonly HostField[];
}

/** Keeps a host or turns it away, with a reason. Pure. */
export interface Filter {
  readonly name: string;
  readonly reads: RuleReads;
  /** `true` to keep the host, or why not. */
  check(request: PlacementRequest, host: HostView): true | Refusal;
}

/** Ranks a host. Pure. */
export interface Weigher {
  readonly name: string;
  readonly reads: RuleReads;
  /** 0 (worst) to 1 (best). */
  weigh(request: PlacementRequest, host: HostView): number;
}

/**
 * Defines a filter, with its types.
 * @example
 * export const gpuFilter = defineFilter({
 *   name: "GpuFilter",
 *   reads: { request: ["resources.gpu"], host: ["free.gpu"] },
 *   check: (request, host) => host.free.gpu >= request.resources.gpu || { need: request.resources.gpu, have: host.free.gpu },
 * });
 */
export const defineFilter = (filter: Filter): Filter => Object.freeze(filter);

/** Defines a weigher, with its types. */
export const defineWeigher = (weigher: Weigher): Weigher => Object.freeze(weigher);
