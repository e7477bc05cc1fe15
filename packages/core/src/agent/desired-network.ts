import type { z } from "zod";
import type { hostCommands, HostCommandResult } from "../ports/host-commands.ts";
import { applyNetworkChanges, emptyHostNetwork } from "../ports/network-driver.ts";
import type { HostNetwork, NetworkChange, NetworkDriver } from "../ports/network-driver.ts";

type Page = z.output<(typeof hostCommands)["network.apply"]["args"]>;
type Answer = HostCommandResult<"network.apply">;

/** Pages of one update that came so far. */
interface Update {
  readonly revision: number;
  readonly baseRevision: number;
  readonly of: number;
  readonly changes: NetworkChange[];
  pages: number;
}

/**
 * What this host's network shall be, as far as core has told: put together from pages and from changes to what was
 * applied before. It is in memory alone; after a restart the agent asks for the whole.
 *
 * One call at a time.
 */
export class DesiredNetwork {
  readonly #driver: Pick<NetworkDriver, "apply">;
  readonly #onApplied: (revision: number) => void;
  #applied: { readonly revision: number; readonly network: HostNetwork } | undefined;
  /** Whether the driver failed since: then it may have done a part, and what it did last is no base. */
  #unsure = true;
  #update: Update | undefined;

  /** @param onApplied told the revision each time the driver has reached one */
  constructor(driver: Pick<NetworkDriver, "apply">, onApplied: (revision: number) => void) {
    this.#driver = driver;
    this.#onApplied = onApplied;
  }

  /**
   * Takes a page; the last one brings the driver to the update's revision. A revision older than what was applied is
   * already applied. The revision that was applied, with itself as base and no change, is applied once more: so drift
   * is repaired.
   */
  async apply(page: Page, signal: AbortSignal): Promise<Answer> {
    if (this.#isApplied(page)) return this.#answer("nothing");
    if (page.baseRevision !== 0 && page.baseRevision !== this.#applied?.revision) return this.#answer("whole");
    const update = this.#assemble(page);
    if (update === undefined) return this.#answer("whole");
    if (update.pages === update.of) await this.#bringTo(update, signal);
    return this.#answer("nothing");
  }

  #isApplied({ revision, baseRevision }: Page): boolean {
    if (this.#applied === undefined || revision > this.#applied.revision) return false;
    return revision < this.#applied.revision || (baseRevision !== 0 && baseRevision !== revision);
  }

  /** The update with this page in it; `undefined` when pages before it are missing. */
  #assemble({ revision, baseRevision, changes, page }: Page): Update | undefined {
    const { index, of } = page;
    if (index === 0) this.#update = { revision, baseRevision, of, changes: [], pages: 0 };
    const update = this.#update;
    const same = update?.revision === revision && update.baseRevision === baseRevision && update.of === of;
    if (!same || index > update.pages) return undefined;
    if (index === update.pages) {
      update.changes.push(...changes);
      update.pages += 1;
    }
    return update;
  }

  async #bringTo({ revision, baseRevision, changes }: Update, signal: AbortSignal): Promise<void> {
    this.#update = undefined;
    const base = baseRevision === 0 ? emptyHostNetwork : (this.#applied?.network ?? emptyHostNetwork);
    const network = applyNetworkChanges(base, changes);
    // The whole says nothing of what is there, and neither does a base on which the driver failed.
    const known = baseRevision !== 0 && baseRevision !== revision && !this.#unsure;
    this.#unsure = true;
    await this.#driver.apply(
      { revision, desired: network, baseRevision, changes: known ? changes : undefined },
      signal,
    );
    this.#applied = { revision, network };
    this.#unsure = false;
    this.#onApplied(revision);
  }

  #answer(wanted: Answer["wanted"]): Answer {
    return { revision: this.#applied?.revision ?? 0, wanted };
  }
}
