import { Observable } from "rxjs";
import type { CloudEvent } from "./model.ts";

/**
 * Events as they come: an Observable, and for who is slower than they are an async iterable, which reads on only when
 * the last one was dealt with, so that no more than a page of them is ever in memory.
 * @example
 * for await (const { kind, resourceId } of album.events({ kinds: ["server.*"] })) console.log(kind, resourceId);
 */
export class EventStream extends Observable<CloudEvent> implements AsyncIterable<CloudEvent> {
  readonly #follow: (signal: AbortSignal) => AsyncGenerator<CloudEvent, undefined>;

  /** @param follow tells events until the signal fires */
  constructor(follow: (signal: AbortSignal) => AsyncGenerator<CloudEvent, undefined>) {
    super((subscriber) => {
      const left = new AbortController();
      void (async () => {
        try {
          for await (const event of follow(left.signal)) subscriber.next(event);
          subscriber.complete();
        } catch (error) {
          subscriber.error(error);
        }
      })();
      return () => left.abort();
    });
    this.#follow = follow;
  }

  /** Tells them one after the other: the next one is looked for when the last one was dealt with. */
  async *[Symbol.asyncIterator](): AsyncGenerator<CloudEvent, undefined> {
    const left = new AbortController();
    try {
      yield* this.#follow(left.signal);
    } finally {
      left.abort();
    }
  }
}
