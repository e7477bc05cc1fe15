import { createHash } from "node:crypto";
import { Observable, Subject, concat, defer, filter, from, takeUntil, takeWhile } from "rxjs";
import { GuardFailed } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { Ids } from "../ids.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { OperationDefinition } from "./definition.ts";
import type { OperationEnd, OperationWatch } from "./handle.ts";
import { fenceGuard } from "./journal.ts";
import type { OperationRow } from "./journal.ts";
import { forwardOnly } from "./forward-only.ts";
import type { OperationProgress, OperationState } from "./model.ts";
import { OperationRun } from "./operation-run.ts";
import type { RunDependencies } from "./run-dependencies.ts";
import { HostElsewhere, LeaseLost } from "./stop-reasons.ts";

/** What an operation is asked for with. */
export interface Submission {
  readonly definition: OperationDefinition;
  readonly projectId: string | null;
  /** The user's id. */
  readonly actor: string;
  readonly resourceId: string;
  /** The host that its steps reach, where that is known already. */
  readonly hostId: string | undefined;
  readonly idempotencyKey: string | undefined;
  /** What the caller sent, parsed: compared when the same key comes again. */
  readonly request: object;
  /** What the steps need, resolved. */
  readonly input: object;
  /** What commits with it: the row it is about, made or taken. */
  readonly statements: (operationId: string) => readonly Statement[];
  /** What a guard among those means. */
  refused(guard: string): Promise<CloudHostError>;
}

/** How the engine runs. */
export interface EngineOptions {
  /** Whether operations run in this process, or are only accepted here. */
  readonly runs: boolean;
  /** How long an operation stays its runner's without a sign of life. */
  readonly leaseMs: number;
  /** Operations under way at once in this process. */
  readonly concurrency: number;
}

/** Accepts operations, runs them, takes over those whose runner died. */
export class OperationEngine implements OperationWatch {
  readonly #dependencies: Omit<RunDependencies, "progress">;
  readonly #definitions: ReadonlyMap<string, OperationDefinition>;
  readonly #ids: Ids;
  readonly #options: EngineOptions;
  readonly #owner: string;
  readonly #news = new Subject<OperationProgress>();
  /** Operations that run here no more, ended or not. */
  readonly #left = new Subject<string>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #queue: OperationRow[] = [];
  readonly #stop = new AbortController();
  #pump: AsyncDisposable | undefined;

  constructor(
    dependencies: Omit<RunDependencies, "progress">,
    definitions: readonly OperationDefinition[],
    ids: Ids,
    options: EngineOptions,
  ) {
    this.#dependencies = dependencies;
    this.#definitions = new Map(definitions.map((definition) => [definition.kind, definition]));
    this.#ids = ids;
    this.#options = options;
    this.#owner = ids.next("own");
  }

  /** Begins to take over what nobody runs, now and on a timer. */
  async start(): Promise<void> {
    if (!this.#options.runs) return;
    const { clock, logger } = this.#dependencies;
    const pump = (): Promise<void> => this.#takeOver();
    this.#pump = clock.every(this.#options.leaseMs / 3, pump, (err) =>
      logger.error({ err }, "operations cannot be looked for"),
    );
    await pump();
  }

  /**
   * Journals an operation and begins to run it. The same idempotency key with the same request gives the same one.
   * @throws CloudHostError `IDEMPOTENCY_MISMATCH`, or what the submission's guard means
   */
  async submit(submission: Submission): Promise<{ id: string; resourceId: string }> {
    const { definition, idempotencyKey, projectId } = submission;
    const known = await this.earlier(submission);
    if (known !== undefined) return known;
    const { database, journal, clock, onBoundary } = this.#dependencies;
    const id = this.#ids.next("op");
    const operation = {
      id,
      kind: definition.kind,
      projectId,
      actor: submission.actor,
      resourceId: submission.resourceId,
      hostId: submission.hostId,
      idempotencyKey,
      inputHash: hashOf(submission.request),
      input: submission.input,
      firstStep: definition.steps[0]?.name ?? "end",
      nowMs: clock.nowMs(),
    };
    const { hostId } = submission;
    const reached = hostId === undefined || this.#dependencies.hosts.reached().includes(hostId);
    const runsHere = this.#options.runs && reached && !this.#stop.signal.aborted;
    const statements = [...submission.statements(id), ...journal.insert(operation, runsHere ? this.#owner : undefined)];
    try {
      const row = await database.run({
        statements,
        result: (rows) => rows.at(-1)?.[0] as unknown as OperationRow | undefined,
      });
      this.#dependencies.committed();
      onBoundary(`${definition.kind} submitted`);
      if (runsHere && row !== undefined) this.#enqueue(row);
      return { id, resourceId: submission.resourceId };
    } catch (error) {
      // Two with the same key at once: the other was first, and what it has taken may be what refused this one.
      const first = await this.earlier(submission);
      if (first !== undefined) return first;
      if (error instanceof GuardFailed) throw await submission.refused(error.guard);
      throw error;
    }
  }

  /**
   * The operation that the same key and request gave before, if any. It needs nothing that the request names: what was
   * asked for once may be asked for again when that is gone.
   * @throws CloudHostError `IDEMPOTENCY_MISMATCH`
   */
  async earlier({
    definition,
    projectId,
    idempotencyKey: key,
    request,
  }: Pick<Submission, "definition" | "projectId" | "idempotencyKey" | "request">): Promise<
    { id: string; resourceId: string } | undefined
  > {
    if (key === undefined) return undefined;
    const { database, journal, clock } = this.#dependencies;
    const keyed = journal.keyed(projectId, definition.kind, key, clock.nowMs());
    const row = await database.first<OperationRow>(keyed);
    if (row === undefined) return undefined;
    if (row.input_hash === hashOf(request)) return { id: row.id, resourceId: row.resource_id };
    const details = { key, operationId: row.id };
    throw new CloudHostError("IDEMPOTENCY_MISMATCH", "This idempotency key came with another request before.", details);
  }

  watch(operationId: string): Observable<OperationProgress> {
    const live = this.#news.pipe(
      filter((progress) => progress.operationId === operationId),
      takeUntil(this.#left.pipe(filter((id) => id === operationId))),
    );
    const first = defer(() => from(this.#progressOf(operationId)));
    return new Observable<OperationProgress>((subscriber) => {
      const runsHere = this.#running.has(operationId) || this.#queue.some(({ id }) => id === operationId);
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
    const { clock } = this.#dependencies;
    for (;;) {
      const mine = this.#running.get(operationId);
      if (mine !== undefined) await clock.waiting(mine);
      const row = await this.#row(operationId);
      if (row !== undefined && isEnd(row.state)) {
        const error = row.error === null ? undefined : CloudHostError.fromJSON(JSON.parse(row.error) as never);
        return { state: row.state as OperationEnd["state"], error: row.state === "succeeded" ? undefined : error };
      }
      if (this.#stop.signal.aborted) {
        throw new CloudHostError("CANCELLED", "This cloud is closed; the operation goes on elsewhere.", {
          what: operationId,
        });
      }
      if (!this.#running.has(operationId)) await clock.sleep(pollMs, this.#stop.signal);
    }
  }

  /**
   * Accepts nothing more for this process, waits for what runs, and after the deadline leaves it to another.
   * @param drainMs how long to wait
   */
  async close(drainMs: number): Promise<void> {
    const { clock, database, journal } = this.#dependencies;
    await this.#pump?.[Symbol.asyncDispose]();
    this.#queue.length = 0;
    const all = Promise.allSettled(this.#running.values());
    const deadline = new AbortController();
    await Promise.race([all, clock.sleep(drainMs, deadline.signal).catch(() => {})]);
    deadline.abort();
    this.#stop.abort();
    await all;
    if (this.#options.runs) await database.run(journal.letGo(this.#owner));
    this.#news.complete();
    this.#left.complete();
  }

  #enqueue(row: OperationRow): void {
    this.#queue.push(row);
    this.#next();
  }

  #next(): void {
    while (this.#running.size < this.#options.concurrency && !this.#stop.signal.aborted) {
      const row = this.#queue.shift();
      if (row === undefined) return;
      const run = this.#dependencies.clock
        .busy(() => this.#run(row))
        .finally(() => {
          this.#running.delete(row.id);
          this.#left.next(row.id);
          this.#next();
        });
      this.#running.set(row.id, run);
    }
  }

  async #run(row: OperationRow): Promise<void> {
    const { logger } = this.#dependencies;
    const definition = this.#definitions.get(row.kind);
    if (definition === undefined) {
      logger.error({ operationId: row.id, kind: row.kind }, "an operation of a kind that this version does not know");
      return;
    }
    const dependencies = {
      ...this.#dependencies,
      progress: (progress: OperationProgress) => this.#news.next(progress),
    };
    try {
      await new OperationRun(dependencies, definition, row, this.#stop.signal).run();
    } catch (err) {
      if (err instanceof HostElsewhere)
        await this.#dependencies.database.run(this.#dependencies.journal.letGo(this.#owner, row.id));
      else if (err instanceof LeaseLost)
        logger.warn({ operationId: row.id }, "another process runs this operation now");
      else if (!this.#stop.signal.aborted) logger.error({ operationId: row.id, err }, "the operation's run broke off");
    }
  }

  async #takeOver(): Promise<void> {
    const { database, hosts, journal, logger } = this.#dependencies;
    // Only what really runs here: a run that broke off is nobody's once its lease is over.
    await database.run(journal.renew(this.#owner, [...this.#running.keys(), ...this.#queue.map(({ id }) => id)]));
    const room = this.#options.concurrency - this.#running.size - this.#queue.length;
    if (room <= 0) return;
    for (const id of await journal.orphans(hosts.reached(), room)) {
      if (this.#running.has(id)) continue;
      try {
        const row = await database.run(journal.acquire(id, this.#owner));
        logger.info({ operationId: id, kind: row.kind, step: row.step }, "operation taken over");
        this.#enqueue(row);
      } catch (error) {
        if (!(error instanceof GuardFailed && error.guard === fenceGuard)) throw error;
      }
    }
  }

  async #row(operationId: string): Promise<OperationRow | undefined> {
    const { database } = this.#dependencies;
    return database.first<OperationRow>(database.read(database.tables.operations).where({ id: operationId }));
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
          await this.#dependencies.clock.sleep(pollMs, AbortSignal.any([gone.signal, this.#stop.signal]));
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

const hashOf = (request: object): string => createHash("sha256").update(canonicalJson(request)).digest("hex");

const isEnd = (state: OperationState): boolean => state === "succeeded" || state === "failed" || state === "stuck";
