import { createHash } from "node:crypto";
import type { Observable } from "rxjs";
import { GuardFailed, script } from "../database/script.ts";
import type { Script } from "../database/script.ts";
import { CloudHostError, isCloudHostError } from "../errors.ts";
import type { Ids } from "../ids.ts";
import { canonicalJson } from "./canonical-json.ts";
import { OperationControl } from "./control.ts";
import type { OperationDefinition } from "./definition.ts";
import type { OperationEnd, OperationWatch } from "./handle.ts";
import { Interruption } from "./interruption.ts";
import { fenceGuard } from "./journal.ts";
import type { NewOperation, OperationRow } from "./journal.ts";
import type { OperationProgress, OperationState } from "./model.ts";
import { OperationNews } from "./operation-news.ts";
import { OperationRun } from "./operation-run.ts";
import { findOrphans } from "./orphans.ts";
import type { Orphan } from "./orphans.ts";
import { joinScripts } from "./plan-commit.ts";
import { RunCommits } from "./run-commits.ts";
import type { RunDependencies } from "./run-dependencies.ts";
import { HostElsewhere, LeaseLost } from "./stop-reasons.ts";
import { firstHostOf, firstStepOf, lineOf } from "./submission.ts";
import type { Submission, Submitted } from "./submission.ts";
import { journalledInput, stuckWhereItIs } from "./version-mismatch.ts";

/** How the engine runs. */
export interface EngineOptions {
  /** Whether operations run in this process, or are only accepted here. */
  readonly runs: boolean;
  /** How long an operation stays its runner's without a sign of life. */
  readonly leaseMs: number;
  /** Operations under way at once in this process. */
  readonly concurrency: number;
  /** By kind, how long one may take that was asked for without a limit, in milliseconds. */
  readonly timeoutsMs?: Readonly<Record<string, number>>;
}

/** An operation that runs here, or waits for room to. */
interface Here {
  readonly row: OperationRow;
  readonly interruption: Interruption;
  /** Gives how it ended, where it ended here. */
  run?: Promise<OperationState | undefined>;
}

/** Accepts operations, runs them, takes over those whose runner died. */
export class OperationEngine implements OperationWatch {
  readonly #dependencies: Omit<RunDependencies, "progress">;
  readonly #definitions: ReadonlyMap<string, OperationDefinition>;
  readonly #ids: Ids;
  readonly #options: EngineOptions;
  readonly #owner: string;
  readonly #news: OperationNews;
  /** What people decide about operations under way. */
  readonly control: OperationControl;
  readonly #here = new Map<string, Here>();
  readonly #queue: Here[] = [];
  #running = 0;
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
    const here = {
      has: (operationId: string) => this.#here.has(operationId),
      run: (operationId: string) => this.#here.get(operationId)?.run,
    };
    this.control = new OperationControl(dependencies, this.#definitions, {
      interrupt: (operationId) => this.#here.get(operationId)?.interruption.cancel(),
      takeOver: () => this.#takeOver(),
    });
    this.#news = new OperationNews(dependencies.database, dependencies.clock, here, this.#stop.signal);
  }

  /** Begins to take over what nobody runs, now and on a timer. */
  async start(): Promise<void> {
    if (!this.#options.runs) return;
    const { clock, logger } = this.#dependencies;
    const pump = async (): Promise<void> => {
      await this.#stay();
      await this.#takeOver();
    };
    this.#pump = clock.every(this.#options.leaseMs / 3, pump, (err) =>
      logger.error({ err }, "operations cannot be looked for"),
    );
    await pump();
  }

  /** What an operation's kind does; `undefined` when this version does not know it. */
  definition(kind: string): OperationDefinition | undefined {
    return this.#definitions.get(kind);
  }

  /**
   * Journals an operation and begins to run it. The same idempotency key with the same request gives the same one.
   * @throws CloudHostError `IDEMPOTENCY_MISMATCH`, or what the submission's guard means
   */
  async submit(submission: Submission): Promise<Submitted> {
    const [submitted] = await this.submitAll([submission]);
    return submitted as Submitted;
  }

  /**
   * Journals several operations at once, all of them or none, and begins to run them.
   * @param claims what is claimed for all of them, in the same commit, behind the rows that they are about
   * @throws CloudHostError `IDEMPOTENCY_MISMATCH`, or what the first submission says that a guard means
   */
  async submitAll(submissions: readonly Submission[], claims?: Script): Promise<readonly Submitted[]> {
    try {
      return await this.#accept(submissions, claims);
    } catch (error) {
      // The same key came before, or comes at once: the other was first, and what it has taken may be what refused this.
      const first = await this.earlierAll(submissions);
      if (first !== undefined) return first;
      if (error instanceof GuardFailed) throw (await submissions[0]?.refused(error.guard)) ?? error;
      throw error;
    }
  }

  async #accept(submissions: readonly Submission[], claims: Script = script()): Promise<readonly Submitted[]> {
    const { database, journal, onBoundary, hosts } = this.#dependencies;
    const accepted = submissions.map((submission) => {
      const hostId = firstHostOf(submission);
      const reached = hostId === undefined || hosts.reaches(hostId);
      const runsHere = this.#options.runs && reached && !this.#stop.signal.aborted;
      return { submission, runsHere, operation: this.#operationOf(submission, runsHere) };
    });
    const rows = accepted.flatMap(({ submission, operation: { id } }) => [
      ...submission.statements(id),
      ...lineOf(submission, id),
    ]);
    const entries = accepted.map(({ runsHere, operation }) =>
      journal.insert(operation, runsHere ? this.#owner : undefined),
    );
    const behind = [claims, ...entries.map((entry) => script(...entry))];
    const joined = joinScripts(
      rows,
      behind.map((one) => ({ step: "submit", script: one })),
    );
    const changed = await database.run({ statements: joined.statements, result: (all) => all });
    joined.committed(changed);
    this.#dependencies.committed();
    for (const [index, { submission, runsHere }] of accepted.entries()) {
      onBoundary(`${submission.definition.kind} submitted`);
      const row = joined.rowsOf(index + 1, changed).at(-1)?.[0] as unknown as OperationRow | undefined;
      if (runsHere && row !== undefined) this.#enqueue(row);
    }
    return accepted.map(({ submission: { resourceId }, operation: { id } }) => ({ id, resourceId }));
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
  }: Pick<Submission, "definition" | "projectId" | "idempotencyKey" | "request">): Promise<Submitted | undefined> {
    if (key === undefined) return undefined;
    const { database, journal, clock } = this.#dependencies;
    const keyed = journal.keyed(projectId, definition.kind, key, clock.nowMs());
    const row = await database.first<OperationRow>(keyed);
    if (row === undefined) return undefined;
    if (row.input_hash === hashOf(request)) return { id: row.id, resourceId: row.resource_id };
    const details = { key, operationId: row.id };
    throw new CloudHostError("IDEMPOTENCY_MISMATCH", "This idempotency key came with another request before.", details);
  }

  /** Those that the same keys and requests gave before, if all did. */
  async earlierAll(
    asked: readonly Parameters<OperationEngine["earlier"]>[0][],
  ): Promise<readonly Submitted[] | undefined> {
    const found = (await Promise.all(asked.map((one) => this.earlier(one)))).filter((one) => one !== undefined);
    return found.length === asked.length ? found : undefined;
  }

  watch(operationId: string): Observable<OperationProgress> {
    return this.#news.watch(operationId);
  }

  ended(operationId: string): Promise<OperationEnd> {
    return this.#news.ended(operationId);
  }

  /** Lets others have an operation's place while it waits for them. */
  async aside<Out>(others: () => Promise<Out>): Promise<Out> {
    this.#running -= 1;
    this.#next();
    try {
      return await others();
    } finally {
      this.#running += 1;
    }
  }

  /** Takes over what nobody runs and can go on, or end, here. */
  async #takeOver(): Promise<void> {
    const { clock, database, hosts } = this.#dependencies;
    const most = this.#options.concurrency - this.#here.size;
    if (!this.#options.runs || this.#stop.signal.aborted || most <= 0) return;
    const find = { hostIds: hosts.reached(), kinds: [...this.#definitions.keys()], nowMs: clock.nowMs(), most };
    for (const orphan of await findOrphans(database, find)) if (!this.#here.has(orphan.id)) await this.#acquire(orphan);
  }

  /**
   * Accepts nothing more for this process, waits for what runs, and after the deadline leaves it to another.
   * @param drainMs how long to wait
   */
  async close(drainMs: number): Promise<void> {
    const { clock, database, journal } = this.#dependencies;
    await this.#pump?.[Symbol.asyncDispose]();
    for (const { row } of this.#queue.splice(0)) this.#here.delete(row.id);
    const all = Promise.allSettled([...this.#here.values()].map(async ({ run }) => run));
    const deadline = new AbortController();
    await Promise.race([all, clock.sleep(drainMs, deadline.signal).catch(() => {})]);
    deadline.abort();
    this.#stop.abort();
    await all;
    if (this.#options.runs) await database.run(journal.letGo(this.#owner));
    this.#news.complete();
  }

  #operationOf(submission: Submission, runsHere: boolean): NewOperation {
    const { definition, timeoutMs = this.#options.timeoutsMs?.[definition.kind] } = submission;
    const nowMs = this.#dependencies.clock.nowMs();
    const { cursor, step: first } = firstStepOf(submission);
    const actsFirst = first?.type === "act";
    return {
      id: this.#ids.next("op"),
      kind: definition.kind,
      projectId: submission.projectId,
      actor: submission.actor.userId,
      resourceId: submission.resourceId,
      hostId: firstHostOf(submission),
      idempotencyKey: submission.idempotencyKey,
      inputHash: hashOf(submission.request),
      input: submission.input,
      cursor,
      firstStep: first?.name ?? "end",
      context: submission.begun?.context ?? {},
      // What only goes forward from the first is not cancelled in its first moment either.
      noReturn: definition.pointOfNoReturn === 0 || (actsFirst && definition.pointOfNoReturn <= cursor),
      outside: actsFirst && runsHere,
      deadlineMs: timeoutMs === undefined ? undefined : nowMs + timeoutMs,
      nowMs,
    };
  }

  #enqueue(row: OperationRow): void {
    const here = { row, interruption: new Interruption(this.#dependencies.clock, row) };
    this.#here.set(row.id, here);
    this.#queue.push(here);
    this.#next();
  }

  #next(): void {
    while (this.#running < this.#options.concurrency && !this.#stop.signal.aborted) {
      const here = this.#queue.shift();
      if (here === undefined) return;
      this.#running += 1;
      here.run = this.#dependencies.clock
        .busy(() => this.#run(here))
        .finally(() => {
          this.#running -= 1;
          this.#here.delete(here.row.id);
          this.#news.left(here.row.id);
          this.#next();
        });
    }
  }

  async #run({ row, interruption }: Here): Promise<OperationState | undefined> {
    const { logger } = this.#dependencies;
    const definition = this.#definitions.get(row.kind);
    // Only kinds that are known are taken over.
    if (definition === undefined) return undefined;
    const dependencies = {
      ...this.#dependencies,
      progress: (progress: OperationProgress) => this.#news.tell(progress),
    };
    try {
      interruption.watch();
      const input = journalledInput(definition, row);
      return await new OperationRun(dependencies, { definition, row, input, interruption }, this.#stop.signal).run();
    } catch (err) {
      if (isCloudHostError(err, "VERSION_MISMATCH")) {
        logger.error({ operationId: row.id, kind: row.kind, step: row.step, err }, "operation is stuck");
        await new RunCommits(dependencies, row, interruption).commit(stuckWhereItIs(row, err));
      } else if (err instanceof HostElsewhere)
        await this.#dependencies.database.run(this.#dependencies.journal.letGo(this.#owner, row.id));
      else if (err instanceof LeaseLost)
        logger.warn({ operationId: row.id }, "another process runs this operation now");
      else if (!this.#stop.signal.aborted) logger.error({ operationId: row.id, err }, "the operation's run broke off");
    } finally {
      interruption.disarm();
    }
    return undefined;
  }

  /** What runs here stays this process's for another lease; what was cancelled elsewhere is ended. */
  async #stay(): Promise<void> {
    const { database, journal } = this.#dependencies;
    if (this.#here.size === 0) return;
    // Only what really runs here: a run that broke off is nobody's once its lease is over.
    await database.run(journal.renew(this.#owner, [...this.#here.keys()]));
    for (const id of await journal.cancelled(this.#owner)) this.#here.get(id)?.interruption.cancel();
  }

  async #acquire({ id, kind, cursor, host_id: hostId }: Orphan): Promise<void> {
    const { database, hosts, journal, logger } = this.#dependencies;
    const acts = this.#definitions.get(kind)?.steps[cursor]?.type === "act";
    const reached = hostId === null || hosts.reaches(hostId);
    try {
      const row = await database.run(journal.acquire(id, this.#owner, acts && reached));
      logger.info({ operationId: id, kind: row.kind, step: row.step }, "operation taken over");
      this.#enqueue(row);
    } catch (error) {
      if (!(error instanceof GuardFailed && error.guard === fenceGuard)) throw error;
    }
  }
}

const hashOf = (request: object): string => createHash("sha256").update(canonicalJson(request)).digest("hex");
