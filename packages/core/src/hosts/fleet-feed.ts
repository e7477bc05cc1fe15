import type { Row } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { DecideTools, GroupToPlace } from "../operations/tools.ts";
import { explanationText } from "../ports/explanation-text.ts";
import type { Fleet, FleetChange, HostView, PlacementGroup, Scheduler } from "../ports/scheduler.ts";
import type { ClaimWatcher } from "./claim-statements.ts";
import type { AggregateStore, PropertiesByHost } from "../aggregates/store.ts";
import type { ServerGroupStore } from "../server-groups/store.ts";
import { placeTogether } from "./place-together.ts";
import type { TogetherDecision, TogetherRequest, TogetherServer } from "./place-together.ts";
import { hostViewOf } from "./store.ts";
import type { DeclaredResources, HostRow, HostStore } from "./store.ts";

/** What the view is made of. */
export interface FleetStores {
  readonly hosts: Pick<HostStore, "all" | "declared">;
  readonly aggregates: Pick<AggregateStore, "properties">;
  readonly groups: Pick<ServerGroupStore, "hostIds">;
}

/** What several servers that are alike are to be placed by. */
export interface PlaceTogether extends Omit<TogetherRequest, "group"> {
  readonly group: GroupToPlace | undefined;
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
  /** Hosts in the view, as it has them. */
  readonly #views = new Map<string, HostView>();
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
    if (view === undefined) return;
    this.#views.set(id, view);
    this.#show(view);
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

  /**
   * A host for each of several servers that are alike, in their order: as many as there are, or none.
   * @throws CloudHostError `NO_VALID_HOST` with the names of those that found no place beside the others
   */
  async decideAll({ group, ...each }: PlaceTogether, servers: readonly TogetherServer[]): Promise<readonly string[]> {
    const place = async (): Promise<TogetherDecision> => {
      const request = { ...each, group: group === undefined ? undefined : await this.#group(group, "") };
      return placeTogether(this.#fleet, this.#views, (view) => this.#show(view), request, servers);
    };
    if (this.#stale) await this.refresh();
    let decided = await place();
    if ("refusal" in decided) {
      await this.refresh();
      decided = await place();
    }
    if ("refusal" in decided) throw noPlace(decided, servers.length);
    return decided.hostIds;
  }

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
      const gone = [...this.#views.keys()].filter((id) => !known.has(id));
      const ends = gone.map((hostId): FleetChange => ({ kind: "noHost", hostId }));
      for (const change of [...changes, ...ends]) {
        if (change.kind === "host") this.#views.set(change.host.id, change.host);
        else this.#views.delete(change.hostId);
      }
      this.#fleet.apply([...changes, ...ends], (this.#revision += 1));
    } catch (error) {
      this.#stale = true;
      throw error;
    }
  }

  #show(host: HostView): void {
    this.#fleet.apply([{ kind: "host", host }], (this.#revision += 1));
  }

  async #group({ id, name, policy }: GroupToPlace, serverId: string): Promise<PlacementGroup> {
    return { name, policy, hostIds: await this.#stores.groups.hostIds(id, serverId) };
  }
}

function noPlace(
  { refusal: explanation, unplaced }: Extract<TogetherDecision, { refusal: unknown }>,
  servers: number,
): CloudHostError {
  const names = unplaced.length === 1 ? unplaced[0] : `${unplaced[0]} and ${unplaced.length - 1} more`;
  const said = `None of ${servers} servers is created: there is no place for ${names} beside the others.`;
  return new CloudHostError("NO_VALID_HOST", `${said}\n${explanationText(explanation)}`, { explanation, unplaced });
}
