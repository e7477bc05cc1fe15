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

/** A statement of a script as it crosses the port: its text once, from then on the number that it was given; 0 is none. */
export interface NumberedStatement extends Omit<Statement, "sql"> {
  readonly number: number;
  readonly sql?: string;
}

/** What the worker is sent: all that is asked within one turn of the event loop. */
export interface SqliteMessage {
  /** What `lease_now_ms()` gives while these are done: epoch milliseconds. */
  readonly leaseNowMs: number;
  readonly requests: readonly SqliteRequest[];
}

/** What the worker is asked. */
export type SqliteRequest =
  | { readonly id: number; readonly kind: "query"; readonly sql: string; readonly bindings: readonly unknown[] }
  | { readonly id: number; readonly kind: "script"; readonly statements: readonly NumberedStatement[] }
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
