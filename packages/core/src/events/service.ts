import type { Subject } from "rxjs";
import { projectFilter } from "../access/caller.ts";
import type { Caller } from "../access/caller.ts";
import type { Database } from "../database/database.ts";
import { parseInput } from "../parse.ts";
import type { Clock } from "../ports/clock.ts";
import { EventStream } from "./event-stream.ts";
import { ReadEvents, isOfKinds } from "./model.ts";
import type { CloudEvent } from "./model.ts";
import { OutboxReader } from "./outbox-reader.ts";
import { Wake } from "./wake.ts";

/** What reading events needs. */
export interface EventsDependencies {
  readonly database: Database;
  readonly clock: Clock;
  /** Told when this process has written to the outbox. */
  readonly written: Subject<void>;
  /** Fires when the cloud closes. */
  readonly closed: AbortSignal;
}

/** How often the outbox is looked at for what other processes wrote. */
const lookMs = 250;

/**
 * What happens, from a cursor on: first what has happened since, then what does. Nothing is missed; who goes on behind
 * the last cursor that they have dealt with gets nothing twice.
 */
export const readEvents = (caller: Caller, dependencies: EventsDependencies, input: ReadEvents): EventStream =>
  new EventStream((left) => follow(caller, dependencies, input, AbortSignal.any([left, dependencies.closed])));

async function* follow(
  caller: Caller,
  { database, clock, written }: EventsDependencies,
  input: ReadEvents,
  ended: AbortSignal,
): AsyncGenerator<CloudEvent, undefined> {
  const projectId = projectFilter(await caller.may("events.read"));
  const { after, kinds, resourceId } = parseInput(ReadEvents, input, "a request for events");
  const wanted = (event: CloudEvent): boolean =>
    (projectId === undefined || event.projectId === projectId) &&
    (resourceId === undefined || event.resourceId === resourceId) &&
    isOfKinds(event.kind, kinds);

  const reader = new OutboxReader(database, after);
  const wake = new Wake();
  const call = (): void => wake.call();
  await using followed = new AsyncDisposableStack();
  followed.use(clock.every(lookMs, call));
  followed.adopt(written.subscribe(call), (subscription) => subscription.unsubscribe());
  ended.addEventListener("abort", call, { once: true });
  followed.defer(() => ended.removeEventListener("abort", call));
  try {
    await reader.check();
    while (!ended.aborted) {
      const page = await reader.page();
      for (const event of page) if (!ended.aborted && wanted(event)) yield event;
      if (page.length === 0) await wake.next();
    }
  } catch (error) {
    // A database that closes with the cloud is no error of the reader's.
    if (!ended.aborted) throw error;
  }
}
