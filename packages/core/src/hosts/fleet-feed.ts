import type { Database } from "../database/database.ts";
import type { Row } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { DecideTools } from "../operations/tools.ts";
import { explanationText } from "../ports/explanation-text.ts";
import type { Fleet, FleetChange, PlacementGroup, Scheduler } from "../ports/scheduler.ts";
import type { ClaimWatcher } from "./claims.ts";
import { hostViewOf } from "./store.ts";
import type { DeclaredResources, HostRow, HostStore } from "./store.ts";

/**
 * Feeds the scheduler's view of the fleet. What this process claims shows at once, from the claim's own answer; what
 * others did shows at the next {@link FleetFeed.refresh}, and a claim against an old view is refused by its guard, never
 * oversold. Before anybody is told that no host can take a server, the view is refreshed and asked again.
 */
export class FleetFeed implements ClaimWatcher {
  readonly #database: Database;
  readonly #hosts: HostStore;
  readonly #fleet: Fleet;
  readonly #declared = new Map<string, DeclaredResources>();
  /** Hosts that claims have changed since the reading under way began: what it has read of them may be older. */
  readonly #changedMeanwhile = new Set<string>();
  #revision = 0;
  #stale = true;
  /** The reading under way, and the one that begins behind it. */
  #reading: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(database: Database, hosts: HostStore, scheduler: Scheduler) {
    this.#database = database;
    this.#hosts = hosts;
    this.#fleet = scheduler.openFleet();
  }

  /** A host's row as a claim or a release left it. */
  changed(row: Row): void {
    const { id } = row as HostRow;
    this.#changedMeanwhile.add(id);
    const view = hostViewOf(row as HostRow, this.#declared.get(id));
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
  decide: DecideTools["fleet"]["decide"] = async ({ antiAffinity, ...request }) => {
    if (this.#stale) await this.refresh();
    const groups = antiAffinity === undefined ? [] : [await this.#group(request.projectId, antiAffinity)];
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
      const [rows, declared] = await Promise.all([this.#hosts.all(), this.#hosts.declared()]);
      this.#declared.clear();
      for (const [hostId, resources] of declared) this.#declared.set(hostId, resources);
      const changes = rows.flatMap((row): FleetChange[] => {
        const host = this.#changedMeanwhile.has(row.id) ? undefined : hostViewOf(row, declared.get(row.id));
        return host === undefined ? [] : [{ kind: "host", host }];
      });
      this.#fleet.apply(changes, (this.#revision += 1));
    } catch (error) {
      this.#stale = true;
      throw error;
    }
  }

  async #group(projectId: string, name: string): Promise<PlacementGroup> {
    const { read, tables } = this.#database;
    const rows = await this.#database.all<{ host_id: string }>(
      read(tables.group_members).where({ project_id: projectId, name }).select("host_id"),
    );
    return { name, policy: "anti-affinity", hostIds: rows.map((row) => row.host_id) };
  }
}
