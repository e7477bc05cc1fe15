import type { Statement } from "../script.ts";

/** How the worker opens its one connection. */
export interface SqliteOptions {
  readonly filename: string;
  readonly readonly: boolean;
  /** `FULL`: a commit is on the disk before it is answered. */
  readonly synchronous: "FULL" | "NORMAL" | "OFF";
  /** How long SQLite waits for another process's lock. */
  readonly busyTimeoutMs: number;
  /** Scripts committed together at the most. */
  readonly maxGroup: number;
}

/** All of a statement but its bindings, as it crosses the port once. From then on it is its number. */
export interface StatementForm extends Omit<Statement, "bindings"> {
  readonly number: number;
}

/** What the worker is sent: all that is asked within one turn of the event loop. */
export interface SqliteMessage {
  /** What `lease_now_ms()` gives while these are done: epoch milliseconds. */
  readonly leaseNowMs: number;
  /** Forms that are new: known from now on. */
  readonly forms: readonly StatementForm[];
  readonly requests: readonly SqliteRequest[];
}

/** What the worker is asked. */
export type SqliteRequest =
  | { readonly id: number; readonly kind: "query"; readonly sql: string; readonly bindings: readonly unknown[] }
  | {
      readonly id: number;
      readonly kind: "script";
      /** Of each statement in turn: the number of its form, how many bindings it has, and these. One flat list is cheap to send. */
      readonly statements: readonly unknown[];
    }
  | { readonly id: number; readonly kind: "close" };

/** A statement's outcome. */
export interface SqliteOutcome {
  /** `undefined` for a statement that returns none. */
  readonly rows: readonly Record<string, unknown>[] | undefined;
  readonly changes: number;
  readonly lastInsertRowid: number;
}

/** An error as it crosses the port. */
export interface SqliteFailure {
  readonly message: string;
  readonly code: string | undefined;
  readonly guard?: {
    readonly name: string;
    readonly statement: number;
    readonly expected: number;
    readonly changed: number;
  };
}

/** What the worker answers, several in one message. */
export type SqliteReply =
  | { readonly id: number; readonly ok: readonly SqliteOutcome[] }
  | { readonly id: number; readonly failure: SqliteFailure };
