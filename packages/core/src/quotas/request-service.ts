import type { Subject } from "rxjs";
import { notFound, projectFilter, projectOf, sees } from "../access/caller.ts";
import type { Caller, ChangeScope, Scope } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import type { Database } from "../database/database.ts";
import { GuardFailed, script } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { Ids } from "../ids.ts";
import { outboxEvent } from "../operations/outbox.ts";
import { Nothing } from "../parse.ts";
import type { Clock } from "../ports/clock.ts";
import { quotaNames } from "./model.ts";
import type { QuotaLimits } from "./model.ts";
import { ApproveQuotaRequest, AskForQuota, ListQuotaRequests, RejectQuotaRequest } from "./request-model.ts";
import type { QuotaRequest } from "./request-model.ts";
import type { QuotaDecision, QuotaRequestStore } from "./request-store.ts";
import type { QuotaStore } from "./store.ts";

/** What {@link QuotaRequests} needs. */
export interface QuotaRequestsDependencies {
  readonly database: Database;
  readonly quotas: QuotaStore;
  readonly requests: QuotaRequestStore;
  readonly ids: Ids;
  readonly clock: Clock;
  /** Told when the outbox was written to. */
  readonly written: Subject<void>;
}

/** Requests for higher limits: a project asks, an operator decides, and the limits follow in the same transaction. */
export class QuotaRequests {
  readonly #caller: Caller;
  readonly #dependencies: QuotaRequestsDependencies;

  constructor(caller: Caller, dependencies: QuotaRequestsDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /**
   * Asks for limits, for the project in which the actor acts. A project has one open request at a time.
   * @throws CloudHostError `CONFLICT` while another is open
   * @example
   * await album.quotaRequests.create({ limits: { vcpus: 120, milliEcu: 240_000 }, reason: "the summer campaign" });
   */
  async create(input: AskForQuota): Promise<QuotaRequest> {
    const asked = { schema: AskForQuota, input, what: "a request for quota" };
    return this.#caller.change("quotaRequests.create", asked, async (scope, { limits, reason }) => {
      const { ids, clock, requests } = this.#dependencies;
      const undecided = { granted: null, decidedBy: null, decision: null, decidedAtMs: null };
      const by = { id: ids.next("qrq"), projectId: projectOf(scope).id, userId: scope.userId };
      const request: QuotaRequest = {
        ...by,
        ...undecided,
        state: "open",
        limits,
        reason,
        createdAtMs: clock.nowMs(),
      };
      if (await this.#write(scope, request, "created", [requests.create(request)])) return request;
      const details = { state: "open", allowed: ["no request that is open"] };
      throw new CloudHostError("CONFLICT", "The project has a request that is open already.", details);
    });
  }

  /**
   * One request.
   * @throws CloudHostError `NOT_FOUND`
   */
  async get(id: string): Promise<QuotaRequest> {
    return this.#find(await this.#caller.may("quotaRequests.get"), id);
  }

  /** The project's requests, the oldest first unless said otherwise; every project's for operators and auditors that act in none. */
  list(input: ListQuotaRequests = {}): Listing<QuotaRequest> {
    const schema = ListQuotaRequests;
    const asked = { permission: "quotaRequests.list", schema, what: "a list of requests for quota" } as const;
    return listing(this.#caller, asked, input, (scope, where, part) =>
      this.#dependencies.requests.find({ ...where, projectId: projectFilter(scope) }, part),
    );
  }

  /**
   * Grants a request, or the part of it that `limits` names, and raises the limits in the same transaction. A limit that
   * is higher by then stays as it is: approving never lowers one.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for one that is decided, `INVALID_ARGUMENT` for more than was asked
   */
  async approve(id: string, input: ApproveQuotaRequest = {}): Promise<QuotaRequest> {
    const asked = { schema: ApproveQuotaRequest, input, what: "an approval", find: this.#finding(id) };
    return this.#caller.change("quotaRequests.approve", asked, async (scope, { limits, reason }, request) => {
      const granted = limits ?? request.limits;
      checkGranted(granted, request.limits);
      const raised = this.#dependencies.quotas.raiseLimits(request.projectId, granted);
      return this.#decide(scope, request, { state: "approved", granted, reason: reason ?? null }, [raised]);
    });
  }

  /**
   * Refuses a request, with a reason that its project is told.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for one that is decided
   */
  async reject(id: string, input: RejectQuotaRequest): Promise<QuotaRequest> {
    const asked = { schema: RejectQuotaRequest, input, what: "a rejection", find: this.#finding(id) };
    return this.#caller.change("quotaRequests.reject", asked, async (scope, { reason }, request) =>
      this.#decide(scope, request, { state: "rejected", granted: null, reason }),
    );
  }

  /**
   * Takes a request back.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for one that is decided
   */
  async withdraw(id: string): Promise<QuotaRequest> {
    const asked = { schema: Nothing, input: {}, what: "options of withdraw", find: this.#finding(id) };
    return this.#caller.change("quotaRequests.withdraw", asked, async (scope, _, request) =>
      this.#decide(scope, request, { state: "withdrawn", granted: null, reason: null }),
    );
  }

  async #decide(
    scope: ChangeScope,
    request: QuotaRequest,
    how: Pick<QuotaDecision, "state" | "granted" | "reason">,
    more: readonly Statement[] = [],
  ): Promise<QuotaRequest> {
    const { clock, requests } = this.#dependencies;
    const decision = { ...how, userId: scope.userId, atMs: clock.nowMs() };
    const decided = [requests.decide(request.id, decision), ...more];
    if (!(await this.#write(scope, request, how.state, decided))) {
      const now = await requests.get(request.id);
      const details = { state: now?.state ?? "gone", allowed: ["open"] };
      throw new CloudHostError("CONFLICT", `The request is ${details.state}.`, details);
    }
    const { state, granted, reason } = how;
    return { ...request, state, granted, decidedBy: scope.userId, decision: reason, decidedAtMs: decision.atMs };
  }

  /** One commit: the change, the log's line and the event. Gives whether the request was open. */
  async #write(
    scope: ChangeScope,
    { id, projectId, userId }: QuotaRequest,
    what: string,
    changes: readonly Statement[],
  ): Promise<boolean> {
    const { database, clock, written } = this.#dependencies;
    const event = outboxEvent(database.tables, {
      kind: `quotaRequest.${what}`,
      projectId,
      resourceId: id,
      actor: scope.userId,
      data: { askedBy: userId },
      atMs: clock.nowMs(),
    });
    try {
      await database.run(script(...changes, event, scope.accepted({ resources: [id], projectId })));
    } catch (error) {
      if (error instanceof GuardFailed && error.guard === "open") return false;
      throw error;
    }
    written.next();
    return true;
  }

  #finding(id: string): (scope: Scope) => Promise<QuotaRequest> {
    return (scope) => this.#find(scope, id);
  }

  async #find(scope: Scope, id: string): Promise<QuotaRequest> {
    const request = await this.#dependencies.requests.get(parseNamed("request", id));
    if (request === undefined || !sees(scope, request.projectId)) throw notFound("quota request", id);
    return request;
  }
}

/** @throws CloudHostError `INVALID_ARGUMENT` for a limit that was not asked for, or a higher one than was */
function checkGranted(granted: QuotaLimits, asked: QuotaLimits): void {
  const issues = quotaNames.flatMap((name) => {
    const [given, wanted] = [granted[name], asked[name]];
    if (given === undefined || (wanted !== undefined && !isHigher(given, wanted))) return [];
    const message = wanted === undefined ? "was not asked for" : `is more than the ${wanted} that was asked for`;
    return [{ path: `limits.${name}`, message }];
  });
  if (issues.length === 0) return;
  const said = `${issues[0]?.path} ${issues[0]?.message}`;
  throw new CloudHostError("INVALID_ARGUMENT", `This is more than the request: ${said}.`, { issues });
}

/** Of two limits, where `-1` is unlimited. */
const isHigher = (one: number, other: number): boolean => other !== -1 && (one === -1 || one > other);
