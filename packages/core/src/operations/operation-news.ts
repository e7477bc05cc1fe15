import { Observable, Subject, concat, defer, filter, from, takeUntil, takeWhile } from "rxjs";
import type { Database } from "../database/database.ts";
import { CloudHostError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import { forwardOnly } from "./forward-only.ts";
import type { OperationEnd, OperationWatch } from "./handle.ts";
import type { OperationRow } from "./journal.ts";
import type { OperationProgress, OperationState } from "./model.ts";

/** The operations that this process runs, as those who watch them need to know them. */
export interface RunsHere {
  /** Whether it runs here, or soon will. */
  has(operationId: string): boolean;
  /** The run of it, while it is under way; gives how it ended, where it ended here. */
  run(operationId: string): Promise<OperationState | undefined> | undefined;
}

/** How far operations are: what this process's own runs tell, and the journal's word for those of others. */
export class OperationNews implements OperationWatch {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #here: RunsHere;
  readonly #stop: AbortSignal;
  readonly #news = new Subject<OperationProgress>();
  /** Operations that run here no more, ended or not. */
  readonly #left = new Subject<string>();

  /** @param stop fires when this process stops */
  constructor(database: Database, clock: Clock, here: RunsHere, stop: AbortSignal) {
    this.#database = database;
    this.#clock = clock;
    this.#here = here;
    this.#stop = stop;
  }

  /** A run of this process got further. */
  tell(progress: OperationProgress): void {
    this.#news.next(progress);
  }

  /** An operation's run here is over. */
  left(operationId: string): void {
    this.#left.next(operationId);
  }

  /** There will be no more news. */
  complete(): void {
    this.#news.complete();
    this.#left.complete();
  }

  watch(operationId: string): Observable<OperationProgress> {
    const live = this.#news.pipe(
      filter((progress) => progress.operationId === operationId),
      takeUntil(this.#left.pipe(filter((id) => id === operationId))),
    );
    const first = defer(() => from(this.#progressOf(operationId)));
    return new Observable<OperationProgress>((subscriber) => {
      const runsHere = this.#here.has(operationId);
      // What happens while the first state is read must not be missed.
      const early: OperationProgress[] = [];
      const listening = live.subscribe((progress) => early.push(progress));
      const all = concat(
        first,
        defer(() => {
          listening.unsubscribe();
          // Another process may go on with it.
          const rest = runsHere ? concat(live, this.#polled(operationId)) : this.#polled(operationId);
          return concat(from(early), rest);
        }),
      ).pipe(
        forwardOnly(),
        takeWhile(({ state }) => !isEnd(state), true),
      );
      const subscription = all.subscribe(subscriber);
      subscription.add(listening);
      return subscription;
    });
  }

  async ended(operationId: string): Promise<OperationEnd> {
    for (;;) {
      const mine = this.#here.run(operationId);
      const state = mine === undefined ? undefined : await this.#clock.waiting(mine);
      // Durable, or the run would not have said so. Why another failed, its row tells.
      if (state === "succeeded") return { state, error: undefined };
      const row = await this.#row(operationId);
      if (row !== undefined && isEnd(row.state)) {
        const error = row.error === null ? undefined : CloudHostError.fromJSON(JSON.parse(row.error) as never);
        return { state: row.state as OperationEnd["state"], error: row.state === "succeeded" ? undefined : error };
      }
      if (this.#stop.aborted) {
        throw new CloudHostError("CANCELLED", "This cloud is closed; the operation goes on elsewhere.", {
          what: operationId,
        });
      }
      if (this.#here.run(operationId) === undefined) await this.#clock.sleep(pollMs, this.#stop);
    }
  }

  async #row(operationId: string): Promise<OperationRow | undefined> {
    const { read, tables } = this.#database;
    return this.#database.first<OperationRow>(read(tables.operations).where({ id: operationId }));
  }

  async #progressOf(operationId: string): Promise<OperationProgress> {
    const row = await this.#row(operationId);
    if (row === undefined)
      throw new CloudHostError("NOT_FOUND", "There is no such operation.", { resource: "operation", id: operationId });
    return { operationId, state: row.state, step: row.step, percent: row.percent };
  }

  /** An operation that another process runs: the journal is asked. */
  #polled(operationId: string): Observable<OperationProgress> {
    return new Observable((subscriber) => {
      const gone = new AbortController();
      const poll = async (): Promise<void> => {
        for (;;) {
          const progress = await this.#progressOf(operationId);
          subscriber.next(progress);
          if (isEnd(progress.state) || gone.signal.aborted) break;
          await this.#clock.sleep(pollMs, AbortSignal.any([gone.signal, this.#stop]));
        }
        subscriber.complete();
      };
      // Progress tells and does not throw: who subscribes without a handler for errors would end the process.
      poll().catch(() => subscriber.complete());
      return () => gone.abort();
    });
  }
}

/** How often the journal is asked about an operation that another process runs. */
const pollMs = 250;

const isEnd = (state: OperationState): boolean => state === "succeeded" || state === "failed" || state === "stuck";
