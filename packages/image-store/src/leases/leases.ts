import { CloudHostError } from "@cloudhost/core/ports";
import type { ChunkBackend, Clock, Ids, Logger } from "@cloudhost/core/ports";
import { LeaseRecord, isHeld, leaseLifeMs, ownLeases, ownRecord } from "./lease-record.ts";

/** What kinds of leases there are: the folder of their objects. */
export type LeaseKind = "sessions" | "collections" | "restores" | "evictions";

/** A lease that somebody has, or had. */
export interface FoundLease {
  readonly key: string;
  readonly about: string | undefined;
  /** Whether its holder may still act under it. */
  readonly held: boolean;
}

/** A lease of this process: it is renewed until it is disposed of. */
export interface Lease extends AsyncDisposable {
  readonly key: string;
  /**
   * Says that the holder may still act under it, which a process that was suspended for long may not.
   * @throws CloudHostError `HOST_UNAVAILABLE` (retryable) when others may by now have taken it for dead
   */
  assertHeld(): void;
}

const renewEveryMs = leaseLifeMs / 10;
const pollMs = 50;

/**
 * Who is doing what with a store, told to every other process that uses it: an object for each, put before the work and
 * deleted after it. There is no lock in an object store, and no conditional put; what there is: a put is seen by every
 * listing that begins after it. So of two that each put first and then look, at least one sees the other.
 */
export class Leases {
  readonly #backend: ChunkBackend;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #logger: Logger;

  constructor(backend: ChunkBackend, context: { readonly clock: Clock; readonly ids: Ids; readonly logger: Logger }) {
    this.#backend = backend;
    this.#clock = context.clock;
    this.#ids = context.ids;
    this.#logger = context.logger;
  }

  /** Opens one. Others of its kind may be open. */
  async open(kind: LeaseKind, about?: string): Promise<Lease> {
    // The process's number as well: sources of ids that are seeded alike must not meet under one key.
    const key = `${kind}/${this.#ids.next("own")}.${process.pid}`;
    const bytes = Buffer.from(JSON.stringify(ownRecord(about)));
    const renew = async (): Promise<number> => {
      const startedMs = this.#clock.nowMs();
      await this.#backend.put(key, bytes);
      return startedMs;
    };
    ownLeases.opened(key);
    let renewedAtMs: number;
    try {
      renewedAtMs = await renew();
    } catch (error) {
      ownLeases.closed(key);
      throw error;
    }
    const renewal = this.#clock.every(
      renewEveryMs,
      async () => void (renewedAtMs = await renew()),
      (error) => this.#logger.warn({ error, lease: key }, "a lease could not be renewed"),
    );
    return {
      key,
      assertHeld: () => {
        const reason = "the lease was not renewed in time";
        if (this.#clock.nowMs() - renewedAtMs < leaseLifeMs / 2) return;
        throw new CloudHostError(
          "HOST_UNAVAILABLE",
          `The work on ${this.#backend.name} was interrupted for too long; begin it again.`,
          { host: this.#backend.name, reason },
          { retryable: true },
        );
      },
      [Symbol.asyncDispose]: async () => {
        await renewal[Symbol.asyncDispose]();
        ownLeases.closed(key);
        await this.#remove(key);
      },
    };
  }

  /**
   * Opens one that excludes others of its kind about the same thing; waits for those that are there. Of two that see
   * each other, the later gives way and comes back; one that did not see the earlier goes first, since that one sees
   * it and waits.
   */
  async openAlone(kind: LeaseKind, about: string, signal?: AbortSignal): Promise<Lease> {
    for (;;) {
      const lease = await this.open(kind, about);
      try {
        for (;;) {
          const others = await this.#othersAbout(kind, about, lease.key);
          if (others.length === 0) return lease;
          if (others.some((key) => key < lease.key)) break;
          await this.#clock.sleep(pollMs, signal);
        }
      } catch (error) {
        await lease[Symbol.asyncDispose]();
        throw error;
      }
      await lease[Symbol.asyncDispose]();
      do await this.#clock.sleep(pollMs, signal);
      while ((await this.#othersAbout(kind, about, lease.key)).length > 0);
    }
  }

  /**
   * Waits until nobody has one of this kind.
   * @param own key of something that the waiter put just before, by which those who begin now see it
   */
  async waitForNone(kind: LeaseKind, own: string, signal?: AbortSignal): Promise<void> {
    while ((await this.list(kind, own)).some((lease) => lease.held)) await this.#clock.sleep(pollMs, signal);
  }

  /**
   * Every lease of a kind, dead ones too.
   * @param own key of what the asker put a short while ago: its stamp is the time by the store's clock
   */
  async list(kind: LeaseKind, own: string): Promise<FoundLease[]> {
    return findLeases(this.#backend, kind, async () => {
      for await (const { modifiedAtMs } of this.#backend.list(own)) return modifiedAtMs;
      return 0;
    });
  }

  /** Removes what dead holders left. */
  async forget(leases: readonly FoundLease[]): Promise<void> {
    for (const lease of leases) if (!lease.held) await this.#backend.delete(lease.key);
  }

  /** Removes what processes of this machine left that have ended, where no other machine takes part. */
  async forgetDead(kinds: readonly LeaseKind[]): Promise<void> {
    for (const kind of kinds) await this.forget(await findLeases(this.#backend, kind, async () => 0));
  }

  async #othersAbout(kind: LeaseKind, about: string, own: string): Promise<string[]> {
    const leases = await this.list(kind, own);
    return leases.filter((lease) => lease.held && lease.about === about && lease.key !== own).map(({ key }) => key);
  }

  /** When the store cannot be reached just now, the object stays until somebody finds that nobody holds it. */
  async #remove(key: string): Promise<void> {
    try {
      await this.#backend.delete(key);
    } catch (error) {
      this.#logger.warn({ error, lease: key }, "a lease could not be removed");
    }
  }
}

/**
 * Every lease of a kind in a store.
 * @param storeNowMs the time by the store's clock; asked only where a lease is another machine's
 */
export async function findLeases(
  backend: ChunkBackend,
  kind: LeaseKind,
  storeNowMs: () => Promise<number>,
): Promise<FoundLease[]> {
  const found: FoundLease[] = [];
  let nowMs: number | undefined;
  for await (const { key, modifiedAtMs } of backend.list(`${kind}/`)) {
    const bytes = await backend.get(key);
    // Deleted since it was listed: its holder is done.
    if (bytes === undefined) continue;
    const record = parse(bytes);
    const held = isHeld(key, record) ?? (nowMs ??= await storeNowMs()) - modifiedAtMs < leaseLifeMs;
    found.push({ key, about: record?.about, held });
  }
  return found;
}

function parse(bytes: Uint8Array): LeaseRecord | undefined {
  try {
    return LeaseRecord.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch {
    return undefined;
  }
}
