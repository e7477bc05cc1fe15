import { isDeepStrictEqual } from "node:util";
import type { Database } from "../database/database.ts";
import { GuardFailed, script } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import { isCloudHostError } from "../errors.ts";
import type { OpenHost } from "../hosts/host-runtime.ts";
import type { ToldGuest, UnknownGuestStore } from "../hosts/unknown-guest-store.ts";
import { outboxEvent } from "../operations/outbox.ts";
import type { Clock } from "../ports/clock.ts";
import type { StrangerGuest } from "../ports/guest-adopter.ts";
import type { GuestState } from "../ports/guest.ts";
import type { Logger } from "../ports/logger.ts";
import type { ComparisonStore } from "./comparison-store.ts";

/** What {@link UnknownGuests} works with. */
export interface UnknownGuestsParts {
  readonly database: Database;
  readonly comparisons: Pick<ComparisonStore, "placedOn" | "mayBeOn">;
  readonly rows: UnknownGuestStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told when there is something new in the outbox. */
  readonly written: { next(): void };
}

/**
 * Writes down which guests of a host no server is known for: those that came onto it by other ways than ours, and those
 * with an id of ours that the store does not know there. Each new one is an event, once; none is touched.
 */
export class UnknownGuests {
  readonly #parts: UnknownGuestsParts;

  constructor(parts: UnknownGuestsParts) {
    this.#parts = parts;
  }

  /** Compares what the host has with what was known of it. */
  async report(host: OpenHost, guests: readonly GuestState[]): Promise<void> {
    const { clock, database, logger, rows, written } = this.#parts;
    const told = [...(await this.#strangers(host)), ...(await this.#withoutServer(host, guests))];
    const known = new Map((await rows.on(host.id)).map((guest) => [guest.id, guest]));
    const statements: Statement[] = [];
    for (const guest of told) {
      const before = known.get(guest.id);
      known.delete(guest.id);
      if (before === undefined) {
        logger.warn({ host: host.name, guestId: guest.id, name: guest.name }, "a guest of no server is on the host");
        statements.push(rows.insert(host.id, guest, clock.nowMs()), this.#event(host, guest));
      } else if (!isDeepStrictEqual(before, guest)) {
        statements.push(rows.update(host.id, guest));
      }
    }
    for (const id of known.keys()) statements.push(rows.delete(host.id, id));
    if (statements.length === 0) return;
    try {
      await database.run(script(...statements));
      written.next();
    } catch (error) {
      // Another comparison of the same host was faster, and has told of it.
      if (!(error instanceof GuardFailed)) throw error;
    }
  }

  /** Guests of the hypervisor that are not ours; none where the host's driver does not look for them. */
  async #strangers(host: OpenHost): Promise<readonly ToldGuest[]> {
    const { compute } = host.client.bind({ operationId: null, epoch: host.epoch, resource: host.id });
    try {
      return (await compute.strangers()).map(toldStranger);
    } catch (error) {
      if (isCloudHostError(error, "UNSUPPORTED")) return [];
      throw error;
    }
  }

  /** Guests with an id of ours that the store does not know there. */
  async #withoutServer(host: OpenHost, guests: readonly GuestState[]): Promise<readonly ToldGuest[]> {
    const { comparisons } = this.#parts;
    const placed = new Set(await comparisons.placedOn(host.id));
    const found: ToldGuest[] = [];
    for (const { id, power } of guests) {
      if (placed.has(id) || (await comparisons.mayBeOn(id, host.id))) continue;
      const detail = "it is a guest of a server that is gone, or on another host";
      found.push({ id, name: id, power, definition: null, obstacles: [{ reason: "no-server", detail }] });
    }
    return found;
  }

  #event(host: OpenHost, { id, name, power }: ToldGuest): Statement {
    const { clock, database } = this.#parts;
    return outboxEvent(database.tables, {
      kind: "host.guest.unknown",
      projectId: null,
      resourceId: host.id,
      actor: "system: host",
      data: { host: host.name, guestId: id, name, power },
      atMs: clock.nowMs(),
    });
  }
}

const toldStranger = ({ key, name, power, obstacles, ...definition }: StrangerGuest): ToldGuest => ({
  id: key,
  name,
  power,
  definition,
  obstacles,
});
