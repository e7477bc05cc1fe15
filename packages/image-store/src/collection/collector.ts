import { isCloudHostError } from "@cloudhost/core/ports";
import type { Clock, Logger } from "@cloudhost/core/ports";
import { forEachLimited } from "../concurrency.ts";
import { throwIfCancelled } from "../failures.ts";
import { findLeases } from "../leases/leases.ts";
import type { FoundLease, Lease, Leases } from "../leases/leases.ts";
import { chunkKey, idOfKey, layout, manifestKey } from "../repository/layout.ts";
import type { Repository } from "../repository/repository.ts";
import { putNote, readNotes } from "./garbage-note.ts";
import type { FoundNote, GarbageNote } from "./garbage-note.ts";

/** What is deleted unless a name still leads to it: chunks by id, manifests by digest. */
interface Candidates {
  readonly chunks: Set<string>;
  readonly manifests: Set<string>;
}

const deletionsAtOnce = 8;

/**
 * Removes what no name leads to.
 *
 * An import relies on chunks that it found in the store, and that perhaps nothing else has: between its look and its
 * seal they must stay. So a collection puts its lease, and then looks for sessions: if there is one, it leaves the work
 * to whoever comes after that session; an import puts its session, and then waits for collections that are there. Each
 * puts before it looks: of the two at least one sees the other. Several collections may run at once: while no import
 * runs, what names lead to only becomes less.
 */
export class Collector {
  readonly #repository: Repository;
  readonly #leases: Leases;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(repository: Repository, leases: Leases, clock: Clock, logger: Logger) {
    this.#repository = repository;
    this.#leases = leases;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Writes down what a lease's work may leave behind. */
  async note(lease: Lease, note: Omit<GarbageNote, "version">): Promise<void> {
    await putNote(this.#repository.backend, lease, note);
  }

  /** Collects when somebody left something. */
  async collectLeftovers(): Promise<void> {
    const { backend } = this.#repository;
    const now = async (): Promise<number> => this.#clock.nowMs();
    const leases = [
      ...(await findLeases(backend, "sessions", now)),
      ...(await findLeases(backend, "collections", now)),
    ];
    if (leases.some((lease) => !lease.held) || (await readNotes(backend)).length > 0) await this.collect();
  }

  /**
   * Collects now, or leaves it to the sessions that are open.
   * @param begin what makes the garbage, done under the collection's lease
   * @throws CloudHostError `CANCELLED`; what is left is then collected by the next
   */
  async collect(begin?: (lease: Lease) => Promise<void>, signal?: AbortSignal): Promise<void> {
    const lease = await this.#leases.open("collections");
    try {
      await begin?.(lease);
      const sessions = await this.#leases.list("sessions", lease.key);
      if (sessions.some(({ held }) => held)) return;
      const collections = await this.#leases.list("collections", lease.key);
      if (await this.#sweep(lease, sessions, collections, signal))
        await this.#leases.forget([...sessions, ...collections]);
    } finally {
      await lease[Symbol.asyncDispose]();
    }
  }

  /** Whether it could be done. */
  async #sweep(
    lease: Lease,
    deadSessions: readonly FoundLease[],
    collections: readonly FoundLease[],
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { backend } = this.#repository;
    const notes = await readNotes(backend);
    if (notes.length === 0 && deadSessions.length === 0) return true;
    const candidates = (deadSessions.length === 0 ? await this.#noted(notes) : undefined) ?? (await this.#everything());
    const named = await this.#keepNamed(candidates);
    if (named === undefined) return false;

    const remove = (keys: Iterable<string>): Promise<void> =>
      forEachLimited(keys, deletionsAtOnce, async (key) => {
        throwIfCancelled(signal, "collecting garbage");
        lease.assertHeld();
        await backend.delete(key);
      });
    // The manifest last: while it is there, a collection that was cut off can be taken up again.
    await remove([...candidates.chunks].map(chunkKey));
    await remove([...candidates.manifests].map(manifestKey));
    // A note about what still has a name stays while its writer is at work: it may be about to take the name away.
    const working = new Set(collections.filter(({ key, held }) => held && key !== lease.key).map(({ key }) => key));
    const done = ({ note, writer }: FoundNote): boolean =>
      !working.has(writer) || note.manifest === undefined || !named.has(note.manifest);
    await remove(notes.filter(done).map(({ key }) => key));
    return true;
  }

  /** What the notes name; `undefined` when they do not name it all. */
  async #noted(notes: readonly FoundNote[]): Promise<Candidates | undefined> {
    const candidates: Candidates = { chunks: new Set(), manifests: new Set() };
    for (const { note } of notes) {
      if (note.manifest === undefined && note.chunks === undefined) return undefined;
      for (const id of note.chunks ?? []) candidates.chunks.add(id);
      if (note.manifest === undefined) continue;
      // Gone already: an earlier collection came as far as that.
      if ((await this.#repository.backend.size(manifestKey(note.manifest))) === undefined) continue;
      const ids = await this.#chunksOf(note.manifest, note.manifest);
      if (ids === undefined) return undefined;
      candidates.manifests.add(note.manifest);
      for (const id of ids) candidates.chunks.add(id);
    }
    return candidates;
  }

  async #everything(): Promise<Candidates> {
    const { backend } = this.#repository;
    const candidates: Candidates = { chunks: new Set(), manifests: new Set() };
    for (const [prefix, ids] of [
      [layout.chunks, candidates.chunks],
      [layout.manifests, candidates.manifests],
    ] as const) {
      for await (const { key } of backend.list(prefix)) {
        const id = idOfKey(key);
        if (id !== undefined) ids.add(id);
      }
    }
    return candidates;
  }

  /**
   * Takes out of the candidates what a name leads to.
   * @returns the digests that have names; `undefined` when a name cannot be followed: then nothing may be deleted
   */
  async #keepNamed(candidates: Candidates): Promise<Set<string> | undefined> {
    const named = new Set<string>();
    for await (const { name, image } of this.#repository.names()) {
      if (image === undefined) return this.#blocked(name);
      if (named.has(image.digest)) continue;
      named.add(image.digest);
      const ids = await this.#chunksOf(image.digest, name);
      if (ids === undefined) return this.#blocked(name);
      candidates.manifests.delete(image.digest);
      for (const id of ids) candidates.chunks.delete(id);
    }
    return named;
  }

  #blocked(image: string): undefined {
    this.#logger.warn(
      { image },
      "nothing is collected while an image cannot be read: verify it, then restore or delete it",
    );
    return undefined;
  }

  async #chunksOf(digest: string, image: string): Promise<string[] | undefined> {
    try {
      const { data } = await this.#repository.manifest(digest, image);
      return data.flatMap(({ ids }) => ids);
    } catch (error) {
      if (isCloudHostError(error, "IMAGE_CORRUPT") || isCloudHostError(error, "VERSION_MISMATCH")) return undefined;
      throw error;
    }
  }
}
