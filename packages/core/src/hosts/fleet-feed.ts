import type { Row } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { DecideTools, GroupToPlace } from "../operations/tools.ts";
import { explanationText } from "../ports/explanation-text.ts";
import type { Fleet, FleetChange, PlacementGroup, Scheduler } from "../ports/scheduler.ts";
import type { ClaimWatcher } from "./claim-statements.ts";
import type { AggregateStore, PropertiesByHost } from "../aggregates/store.ts";
import type { ServerGroupStore } from "../server-groups/store.ts";
import { hostViewOf } from "./store.ts";
import type { DeclaredResources, HostRow, HostStore } from "./store.ts";

/** What the view is made of. */
export interface FleetStores {
  readonly hosts: Pick<HostStore, "all" | "declared">;
  readonly aggregates: Pick<AggregateStore, "properties">;
  readonly groups: Pick<ServerGroupStore, "hostIds">;
}

/**
 * Feeds the scheduler's view of the fleet. What this process claims shows at once, from the claim's own answer; what
 * others did shows at the next {@link FleetFeed.refresh}, and a claim against an old view is refused by its guard, never
 * oversold. Before anybody is told that no host can take a server, the view is refreshed and asked again.
 */
export class FleetFeed implements ClaimWatcher {
  readonly #stores: FleetStores;
  readonly #fleet: Fleet;
  readonly #declared = new Map<string, DeclaredResources>();
  #properties: PropertiesByHost = new Map();
  /** Hosts in the view. */
  #known: ReadonlySet<string> = new Set();
  /** Hosts that claims have changed since the reading under way began: what it has read of them may be older. */
  readonly #changedMeanwhile = new Set<string>();
  #revision = 0;
  #stale = true;
  /** The reading under way, and the one that begins behind it. */
  #reading: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(stores: FleetStores, scheduler: Scheduler) {
    this.#stores = stores;
    this.#fleet = scheduler.openFleet();
  }

  /** A host's row as a claim or a release left it. */
  changed(row: Row): void {
    const { id } = row as HostRow;
    this.#changedMeanwhile.add(id);
    const view = hostViewOf(row as HostRow, this.#declared.get(id), this.#properties.get(id));
    if (view !== undefined) this.#fleet.apply([{ kind: "host", host: view }], (this.#revision += 1));
  }

  /** Others have changed what the view has not seen. */
  stale(): void {
    this.#stale = true;
  }

  /**
   * Brings the view to what the store has now. Calls at the same time share one reading, but none that has begun: it may
   * have passed what the caller must see.
   */
  refresh(): Promise<void> {
    this.#next ??= this.#readBehind(this.#reading);
    return this.#next;
  }

  /** Where a server may go, best first; the groups' hosts are read anew each time. */
  decide: DecideTools["fleet"]["decide"] = async ({ group, notOn = [], onlyOn, ...request }) => {
    if (this.#stale) await this.refresh();
    const groups = [
      ...(group === undefined ? [] : [await this.#group(group, request.seed)]),
      ...(notOn.length === 0 ? [] : [{ name: "another host", policy: "anti-affinity" as const, hostIds: notOn }]),
      ...(onlyOn === undefined ? [] : [{ name: "the host asked for", policy: "affinity" as const, hostIds: [onlyOn] }]),
    ];
    for (const attempt of [1, 2]) {
      const decision = this.#fleet.decide({ ...request, groups });
      if ("candidates" in decision && decision.candidates.length > 0) return { candidates: decision.candidates };
      if (attempt === 1) await this.refresh();
    }
    const explanation = this.#fleet.explain({ ...request, groups });
    throw new CloudHostError("NO_VALID_HOST", explanationText(explanation), { explanation });
  };

  async #readBehind(reading: Promise<void> | undefined): Promise<void> {
    await reading?.catch(() => {});
    this.#next = undefined;
    this.#reading = this.#read().finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  async #read(): Promise<void> {
    this.#stale = false;
    this.#changedMeanwhile.clear();
    try {
      const { aggregates, hosts } = this.#stores;
      const [rows, declared, properties] = await Promise.all([hosts.all(), hosts.declared(), aggregates.properties()]);
      this.#declared.clear();
      for (const [hostId, resources] of declared) this.#declared.set(hostId, resources);
      this.#properties = properties;
      const changes = rows.flatMap((row): FleetChange[] => {
        if (this.#changedMeanwhile.has(row.id)) return [];
        const host = hostViewOf(row, declared.get(row.id), properties.get(row.id));
        return host === undefined ? [] : [{ kind: "host", host }];
      });
      const known = new Set(rows.map(({ id }) => id));
      const gone = [...this.#known].filter((id) => !known.has(id));
      this.#known = known;
      const ends = gone.map((hostId): FleetChange => ({ kind: "noHost", hostId }));
      this.#fleet.apply([...changes, ...ends], (this.#revision += 1));
    } catch (error) {
      this.#stale = true;
      throw error;
    }
  }

  async #group({ id, name, policy }: GroupToPlace, serverId: string): Promise<PlacementGroup> {
    return { name, policy, hostIds: await this.#stores.groups.hostIds(id, serverId) };
  }
}
