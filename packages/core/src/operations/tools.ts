import type { ClaimChanges } from "../hosts/claim-changes.ts";
import type { Claims } from "../hosts/claims.ts";
import type { FenceStore } from "../hosts/fence-store.ts";
import type { BoundHostClient } from "../hosts/host-client.ts";
import type { ImageRecords } from "../images/store.ts";
import type { NetworkStore } from "../networks/store.ts";
import type { GuestNic } from "../ports/guest.ts";
import type { HostFence } from "../ports/host-fence.ts";
import type { ImageStore } from "../ports/image-store.ts";
import type { TransferOptions } from "../ports/host-images.ts";
import type { PlacementGroup, PlacementRequest } from "../ports/scheduler.ts";
import type { GuestOwn } from "../servers/guest-spec.ts";
import type { SeedStore } from "../servers/seed-store.ts";
import type { ShelvedLayer, ShelvedStore } from "../servers/shelved-store.ts";
import type { DataDiskStore } from "../servers/data-disk-store.ts";
import type { ProjectStore } from "../projects/store.ts";
import type { ServerStore } from "../servers/store.ts";

/** What a decide step may use: the fleet as it is now. */
export interface DecideTools {
  readonly fleet: {
    /**
     * Where a server may go, best first. A place that it has itself in its group does not count.
     * @throws CloudHostError `NO_VALID_HOST` with its explanation
     */
    decide(request: Omit<PlacementRequest, "groups"> & PlaceAsked): Promise<{ candidates: readonly string[] }>;
  };
}

/** Where among the hosts that fit. */
export interface PlaceAsked {
  readonly group: GroupToPlace | undefined;
  /** Hosts that are not for it, by id. */
  readonly notOn?: readonly string[] | undefined;
  /** The only host that is for it, by id. */
  readonly onlyOn?: string | undefined;
}

/** The group of a server to place: where its others are is read when it is decided. */
export interface GroupToPlace extends Pick<PlacementGroup, "name" | "policy"> {
  readonly id: string;
}

/** What a record step may use: the stores' scripts. Nothing is done by calling them. */
export interface RecordTools {
  readonly claims: Claims;
  readonly claimChanges: ClaimChanges;
  readonly networks: NetworkStore;
  readonly servers: ServerStore;
  readonly dataDisks: DataDiskStore;
  readonly seeds: SeedStore;
  readonly shelved: ShelvedStore;
  readonly images: ImageRecords;
  readonly projects: ProjectStore;
  readonly fences: FenceStore;
  readonly nowMs: number;
}

/** What an act step may use. */
export interface ActTools {
  /** The host in the operation's state, its commands fenced by this operation. */
  readonly host: ActHost;
  readonly imageStore: ImageStore;
  /** The same host, its commands in order with those about something else: a server's, in an operation on its host. */
  readonly hostFor: (resource: string) => ActHost;
  /** What cuts hosts off, where the cloud has it. */
  readonly fence: HostFence | undefined;
  /** Ids of the servers that were evacuated from a host or deleted meanwhile, and may have left a guest there. */
  readonly evacuatedFrom: (hostId: string) => Promise<readonly string[]>;
  /** Its signal, and whom to tell how far it is. */
  readonly transfer: TransferOptions;
  /** What the step's mark gave. */
  readonly revision: number;
  /** Deletes what a project has, by operations of their own. */
  readonly emptier: ProjectEmptying;
  /** What is stored of a shelved server's disks. */
  readonly layersOf: (serverId: string) => Promise<readonly ShelvedLayer[]>;
  /** The server's interfaces, from the store. */
  readonly nicsOf: (serverId: string) => Promise<GuestNic[]>;
  /** What its guest is made with besides: its interfaces and its seed, from the store. */
  readonly ownOf: (serverId: string) => Promise<GuestOwn>;
}

/** Resolves when a project has none of them any more. What begins the deletions is logged as this user. */
export interface ProjectEmptying {
  deleteServers(projectId: string, userId: string): Promise<void>;
  deleteImages(projectId: string, userId: string): Promise<void>;
}

/** A host as an act step sees it. */
export interface ActHost {
  readonly compute: BoundHostClient["compute"];
  readonly images: BoundHostClient["images"];
  readonly network: {
    /** Brings the host's network to at least this revision. */
    converge(revision: number): Promise<void>;
  };
}
