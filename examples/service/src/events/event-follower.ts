import { isCloudHostError, tokens } from "@cloudhost/core";
import type { ActorCloud, Clock, CloudEvent, Logger, Notifier } from "@cloudhost/core";
import { decorate, inject, injectable } from "inversify";
import { concatMap, count, defer, fromEvent, lastValueFrom, of, take, takeUntil } from "rxjs";
import { serviceTokens } from "../service-tokens.ts";
import type { Cursor } from "./cursor-file.ts";

/** Events in memory at the most while their receiver is away: the outbox keeps the rest. */
const atOnce = 100;
const firstPauseMs = 1000;
const longestPauseMs = 60_000;

/**
 * The joint to whoever wants to know: carries every event to one place, in order and at least once. One that is not
 * taken is tried again until it is; the cloud's outbox waits meanwhile.
 */
export class EventFollower {
  readonly #notifier: Notifier;
  readonly #cursor: Cursor;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(notifier: Notifier, cursor: Cursor, clock: Clock, logger: Logger) {
    this.#notifier = notifier;
    this.#cursor = cursor;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Follows until the signal fires or the cloud closes. */
  async follow(cloud: Pick<ActorCloud, "events">, signal: AbortSignal): Promise<void> {
    const aborted = defer(() => (signal.aborted ? of(true) : fromEvent(signal, "abort")));
    for (let delivered = atOnce; delivered === atOnce;) {
      const events = cloud.events({ after: await this.#cursor.read() });
      delivered = await lastValueFrom(
        events.pipe(
          take(atOnce),
          concatMap((event) => this.#deliver(event, signal)),
          takeUntil(aborted),
          count(),
        ),
      );
    }
  }

  async #deliver(event: CloudEvent, signal: AbortSignal): Promise<void> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        await this.#notifier.notify(notificationOf(event), signal);
        return await this.#cursor.write(event.cursor);
      } catch (err) {
        if (isCloudHostError(err, "CANCELLED")) throw err;
        this.#logger.warn({ err, event: event.cursor }, "an event was not taken and is tried again");
        await this.#clock.sleep(pauseMs, signal);
      }
    }
  }
}

const notificationOf = ({ cursor, kind, atMs, data, projectId, resourceId, userId }: CloudEvent) => ({
  id: `event-${cursor}`,
  kind,
  atMs,
  data: { ...data, projectId, resourceId, userId },
});

// What `@injectable()` and `@inject()` do, said in calls: the compiler erases types here, and writes no code for
// decorators. A class that another compiler decorated resolves from the same container just so.
decorate(injectable(), EventFollower);
decorate(inject(serviceTokens.notifier), EventFollower, 0);
decorate(inject(serviceTokens.cursor), EventFollower, 1);
decorate(inject(tokens.clock), EventFollower, 2);
decorate(inject(tokens.logger), EventFollower, 3);
