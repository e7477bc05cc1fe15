import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type Sqlite from "better-sqlite3";
import type {
  SqliteFailure,
  SqliteMessage,
  SqliteOptions,
  SqliteOutcome,
  SqliteReply,
  SqliteRequest,
  StatementForm,
} from "./protocol.ts";

/**
 * The one connection to a SQLite database, in a thread of its own: better-sqlite3 is synchronous, and on the main
 * thread it would hold up timers, heartbeats and lease renewals for as long as a disk takes.
 */
const options = workerData as SqliteOptions;
const port = parentPort;
if (port === null) throw new Error("sqlite-worker runs in a worker thread only");

const { default: Database } = await import("better-sqlite3");
const database = new Database(options.filename, { readonly: options.readonly, timeout: options.busyTimeoutMs });
if (options.readonly) {
  database.pragma("query_only = ON");
} else {
  database.pragma("journal_mode = WAL");
  database.pragma(`synchronous = ${options.synchronous}`);
}
database.pragma("foreign_keys = ON");
let leaseNowMs = 0;
// A function, so that a statement's text stays the same; it does not change while a statement runs.
database.function("lease_now_ms", { deterministic: true }, () => leaseNowMs);

const preparedMost = 400;
const prepared = new Map<string, Sqlite.Statement>();

function prepare(sql: string): Sqlite.Statement {
  const known = prepared.get(sql);
  // It would end the group's transaction, and with it what others were told is theirs.
  if (known === undefined && /\bor\s+rollback\b/i.test(sql)) {
    throw new Error("OR ROLLBACK is refused: it would undo other callers' work.");
  }
  // Those used last are kept.
  if (known !== undefined) prepared.delete(sql);
  const made = known ?? database.prepare(sql);
  prepared.set(sql, made);
  if (prepared.size > preparedMost) {
    for (const oldest of prepared.keys()) {
      prepared.delete(oldest);
      break;
    }
  }
  return made;
}

function execute(sql: string, bindings: readonly unknown[]): SqliteOutcome {
  if (/^\s*(create|alter|drop|pragma|vacuum|attach|detach)\b/i.test(sql)) prepared.clear();
  const made = prepare(sql);
  if (made.reader) {
    const rows = made.all(...bindings) as Record<string, unknown>[];
    return { rows, changes: rows.length, lastInsertRowid: 0 };
  }
  const { changes, lastInsertRowid } = made.run(...bindings);
  return { rows: undefined, changes, lastInsertRowid: Number(lastInsertRowid) };
}

const failureOf = (error: unknown): SqliteFailure => {
  const { message, code } = error as { message: string; code?: string };
  return { message, code };
};

/** A statement of knex's: alone, or within the interactive transaction that knex drives. */
function query(request: Extract<SqliteRequest, { kind: "query" }>): SqliteReply {
  try {
    return { id: request.id, ok: [execute(request.sql, request.bindings)] };
  } catch (error) {
    // A COMMIT that failed leaves the transaction open; knex would go on inside it, and all later writes would vanish.
    if (/^\s*(commit|end)\b/i.test(request.sql) && database.inTransaction) database.exec("ROLLBACK");
    return { id: request.id, failure: failureOf(error) };
  }
}

/** The forms of scripts' statements, by the number that the other side gave them. */
const forms = new Map<number, StatementForm>();
/** Twice as many as the other side calls by their numbers. */
const formsMost = 4000;

function learn(told: readonly StatementForm[]): void {
  for (const form of told) forms.set(form.number, form);
  for (const oldest of forms.keys()) {
    if (forms.size <= formsMost) return;
    forms.delete(oldest);
  }
}

/** One script under a savepoint: all of it or none, the others of its group untouched. */
function script(request: Extract<SqliteRequest, { kind: "script" }>): SqliteReply {
  database.exec("SAVEPOINT script");
  let index = 0;
  try {
    const ok: SqliteOutcome[] = [];
    const { statements: flat } = request;
    for (let at = 0; at < flat.length;) {
      const [number, bindings] = [flat[at] as number, flat[at + 1] as number];
      const from = at + 2;
      at = from + bindings;
      const { sql, expect, guard } = forms.get(number) as StatementForm;
      if (/^\s*(begin|commit|end|rollback|savepoint|release)\b/i.test(sql)) {
        throw new Error("A script is a transaction: it begins and ends none itself.");
      }
      const outcome = execute(sql, flat.slice(from, at));
      if (expect !== undefined && outcome.changes !== expect) {
        database.exec("ROLLBACK TO script; RELEASE script");
        const name = guard ?? `statement ${index}`;
        return {
          id: request.id,
          failure: {
            message: `guard "${name}"`,
            code: "GUARD",
            guard: { name, statement: index, expected: expect, changed: outcome.changes },
          },
        };
      }
      ok.push(outcome);
      index += 1;
    }
    database.exec("RELEASE script");
    return { id: request.id, ok };
  } catch (error) {
    // Some errors (a full disk, say) end the whole transaction: then the group is lost, and each is told so.
    if (!database.inTransaction) throw error;
    database.exec("ROLLBACK TO script; RELEASE script");
    return { id: request.id, failure: failureOf(error) };
  }
}

/** Up to {@link SqliteOptions.maxGroup} callers' scripts in one commit, answered only after it: one sync for all. */
function group(requests: readonly Extract<SqliteRequest, { kind: "script" }>[]): readonly SqliteReply[] {
  try {
    database.exec("BEGIN IMMEDIATE");
    const replies = requests.map(script);
    database.exec("COMMIT");
    return replies;
  } catch (error) {
    if (database.inTransaction) database.exec("ROLLBACK");
    return requests.map(({ id }) => ({ id, failure: failureOf(error) }));
  }
}

const waiting: Extract<SqliteRequest, { kind: "script" }>[] = [];
let replies: SqliteReply[] = [];

function answer(): void {
  if (replies.length > 0) port?.postMessage(replies);
  replies = [];
}

/** Takes a message in: scripts wait for their group; all else is done at once, in its turn behind them. */
function take(message: SqliteMessage): void {
  leaseNowMs = message.leaseNowMs;
  learn(message.forms);
  for (const request of message.requests) {
    if (request.kind === "script") {
      waiting.push(request);
      continue;
    }
    commitWaiting();
    if (request.kind === "query") {
      replies.push(query(request));
    } else {
      database.close();
      replies.push({ id: request.id, ok: [] });
      answer();
      port?.close();
    }
  }
}

/** Never inside somebody's interactive transaction: the scripts' turn comes with the message that ends it. */
function commitWaiting(): void {
  while (waiting.length > 0 && !database.inTransaction) {
    replies.push(...group(waiting.splice(0, options.maxGroup)));
    if (waiting.length > 0) answer();
  }
}

port.on("message", (message: SqliteMessage) => {
  take(message);
  // What came while the last group was committed: it waits no longer for a commit of its own.
  for (let more = receiveMessageOnPort(port); more !== undefined; more = receiveMessageOnPort(port)) {
    take(more.message);
  }
  commitWaiting();
  answer();
});
port.postMessage([{ id: 0, ok: [] }] satisfies SqliteReply[]);
