import { Worker } from "node:worker_threads";
import { CloudHostError } from "../../errors.ts";
import { workerUrl } from "../../worker-url.ts";
import { GuardFailed } from "../script.ts";
import type { Statement } from "../script.ts";
import type {
  SqliteFailure,
  SqliteMessage,
  SqliteOptions,
  SqliteOutcome,
  SqliteReply,
  SqliteRequest,
  StatementForm,
} from "./protocol.ts";

interface Pending {
  resolve(outcomes: readonly SqliteOutcome[]): void;
  reject(error: Error): void;
}
/** What is asked; a script's statements with their texts. */
export type Asked =
  | { readonly kind: "query"; readonly sql: string; readonly bindings: readonly unknown[] }
  | { readonly kind: "script"; readonly statements: readonly Statement[] }
  | { readonly kind: "close" };

/** So many forms of statements are known at the most; beyond, all are told anew. */
const formsMost = 2000;

/** How many requests may wait before further ones are refused: memory is bounded, and so is how long one waits. */
const waitingMost = 20_000;

/**
 * A connection is a message port to its worker. What is asked within one turn of the event loop goes as one message, at
 * the turn's end: timers run even when answers arrive back to back.
 */
export class SqliteConnection {
  readonly #worker: Worker;
  readonly #leaseNowMs: () => number;
  readonly #pending = new Map<number, Pending>();
  /** By text, then by expectation and guard. */
  readonly #forms = new Map<string, StatementForm[]>();
  #lastForm = 0;
  #newForms: StatementForm[] = [];
  #outgoing: SqliteRequest[] = [];
  #lastId = 0;
  /** Why it can no longer be used. knex asks for this before it takes a connection from its pool. */
  dead: Error | undefined;

  private constructor(options: SqliteOptions, leaseNowMs: () => number) {
    this.#leaseNowMs = leaseNowMs;
    // Without the flags of whoever started the process: some, such as --input-type, a worker's file cannot bear.
    const own = { workerData: options, execArgv: [] };
    this.#worker = new Worker(workerUrl(import.meta.url, "./sqlite-worker"), own);
    this.#worker.unref();
    this.#worker.on("message", (replies: readonly SqliteReply[]) => this.#receive(replies));
    this.#worker.on("error", (error) => this.#die(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on("exit", () => this.#die(new Error("The SQLite worker has ended.")));
  }

  /**
   * @param leaseNowMs what `lease_now_ms()` gives in its statements
   * @throws Error when the file cannot be opened
   */
  static async open(options: SqliteOptions, leaseNowMs: () => number): Promise<SqliteConnection> {
    const connection = new SqliteConnection(options, leaseNowMs);
    await new Promise<void>((resolve, reject) => connection.#await(0, { resolve: () => resolve(), reject }));
    return connection;
  }

  /** Sends one request. Rejects with {@link GuardFailed} when a script's guard did not hold. */
  ask(request: Asked): Promise<readonly SqliteOutcome[]> {
    if (this.dead !== undefined) return Promise.reject(this.dead);
    if (this.#pending.size >= waitingMost) {
      const details = { resource: "store queue" };
      return Promise.reject(new CloudHostError("EXHAUSTED", "The store is overloaded.", details, { retryable: true }));
    }
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#await(id, { resolve, reject });
      this.#outgoing.push(
        request.kind === "script"
          ? { id, kind: "script", statements: this.#flat(request.statements) }
          : { ...request, id },
      );
      if (this.#outgoing.length === 1) setImmediate(() => this.#flush());
    });
  }

  async close(): Promise<void> {
    if (this.dead === undefined) await this.ask({ kind: "close" });
    await this.#worker.terminate();
  }

  #await(id: number, pending: Pending): void {
    this.#pending.set(id, pending);
    // While an answer is awaited the process stays alive; otherwise a forgotten connection does not hold it.
    this.#worker.ref();
  }

  #flat(statements: readonly Statement[]): unknown[] {
    const flat: unknown[] = [];
    for (const statement of statements) {
      flat.push(this.#formOf(statement), statement.bindings.length);
      for (const binding of statement.bindings) flat.push(binding);
    }
    return flat;
  }

  /** The number of a statement's form. */
  #formOf({ sql, expect, guard }: Statement): number {
    const alike = this.#forms.get(sql);
    const known = alike?.find((form) => form.expect === expect && form.guard === guard);
    if (known !== undefined) return known.number;
    if (this.#forms.size >= formsMost) this.#forms.clear();
    const number = (this.#lastForm += 1);
    const form = {
      number,
      sql,
      ...(expect === undefined ? {} : { expect }),
      ...(guard === undefined ? {} : { guard }),
    };
    this.#forms.set(sql, [...(this.#forms.get(sql) ?? []), form]);
    this.#newForms.push(form);
    return number;
  }

  #flush(): void {
    if (this.dead !== undefined) return;
    const message: SqliteMessage = {
      leaseNowMs: Math.trunc(this.#leaseNowMs()),
      forms: this.#newForms,
      requests: this.#outgoing,
    };
    this.#worker.postMessage(message);
    this.#newForms = [];
    this.#outgoing = [];
  }

  #receive(replies: readonly SqliteReply[]): void {
    for (const reply of replies) {
      const pending = this.#pending.get(reply.id);
      this.#pending.delete(reply.id);
      if ("ok" in reply) pending?.resolve(reply.ok);
      else pending?.reject(errorOf(reply.failure));
    }
    if (this.#pending.size === 0) this.#worker.unref();
  }

  #die(error: Error): void {
    this.dead ??= error;
    for (const pending of this.#pending.values()) pending.reject(this.dead);
    this.#pending.clear();
  }
}

function errorOf({ message, code, guard }: SqliteFailure): Error {
  if (guard !== undefined) return new GuardFailed(guard.name, guard.statement, guard.expected, guard.changed);
  return Object.assign(new Error(message), { code });
}
