import type { Binding, Row, Statement } from "../script.ts";
import { expecting } from "./expecting.ts";
import { positional } from "./positional.ts";
import { PreparedStatements } from "./prepared-statements.ts";
import type { Preparing } from "./prepared-statements.ts";

/** What of node-postgres's connection a pipeline writes to, as its own queries do. */
export interface Wire extends Preparing {
  readonly stream: { cork(): void; uncork(): void };
  bind(bound: { readonly statement: string; readonly values: readonly (string | Buffer | null)[] }): void;
  describe(what: { readonly type: "P" }): void;
  execute(what: object): void;
  sync(): void;
}

/** A client of node-postgres: it takes whatever writes its own messages, in its turn. */
export interface PostgresConnection {
  query(pipeline: Pipeline): void;
}

/** What the database said instead, and to which statement, counted from 0. */
export interface PipelineFailure {
  readonly error: Error & { readonly code?: string };
  readonly statement: number;
}

/** The rows of each statement; or nothing was done. */
export type PipelineOutcome =
  | { readonly rows: readonly (readonly Row[])[]; readonly failure?: undefined }
  | { readonly failure: PipelineFailure };

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

const preparedOn = new WeakMap<Wire, PreparedStatements>();

/**
 * Statements that go to the server and back once: all are sent together, with one sync behind them. When one fails, the
 * server skips those behind it. So a transaction holds no lock while its caller does something else.
 */
export class Pipeline {
  readonly #statements: readonly Statement[];
  readonly #texts: readonly string[];
  readonly #prepares: boolean;
  readonly #outcome = Promise.withResolvers<PipelineOutcome>();
  readonly #rows: Row[][] = [];
  #wire: Wire | undefined;
  #fields: readonly Field[] = [];
  #current: Row[] = [];

  /**
   * @param prepares whether statements stay prepared on the connection; they must not where a pool between here and the
   * server gives each transaction another connection
   */
  constructor(statements: readonly Statement[], prepares: boolean) {
    this.#statements = statements;
    this.#texts = statements.map(({ sql, expect }) => positional(expect === undefined ? sql : expecting(sql, expect)));
    this.#prepares = prepares;
  }

  /** Never rejects. */
  on(connection: PostgresConnection): Promise<PipelineOutcome> {
    connection.query(this);
    return this.#outcome.promise;
  }

  /** The client calls this and what follows. */
  submit(wire: Wire): void {
    this.#wire = wire;
    wire.stream.cork();
    for (const [index, { bindings }] of this.#statements.entries()) {
      wire.bind({ statement: this.#nameOf(wire, this.#texts[index] ?? ""), values: bindings.map(onWire) });
      wire.describe({ type: "P" });
      wire.execute({});
    }
    wire.sync();
    wire.stream.uncork();
  }

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    this.#fields = fields;
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const row: Record<string, unknown> = {};
    for (const [index, { name, dataTypeID }] of this.#fields.entries()) row[name] = fromWire(fields[index], dataTypeID);
    this.#current.push(row);
  }

  handleCommandComplete(): void {
    this.#rows.push(this.#current);
    this.#current = [];
  }

  handleError(error: PipelineFailure["error"]): void {
    const statement = this.#rows.length;
    if (this.#wire !== undefined) preparedOn.get(this.#wire)?.forget(this.#wire, this.#texts.slice(statement));
    this.#outcome.resolve({ failure: { error, statement } });
  }

  handleReadyForQuery(): void {
    this.#outcome.resolve({ rows: this.#rows });
  }

  #nameOf(wire: Wire, text: string): string {
    if (!this.#prepares) {
      wire.parse({ name: "", text });
      return "";
    }
    const prepared = preparedOn.get(wire) ?? new PreparedStatements();
    preparedOn.set(wire, prepared);
    return prepared.name(wire, text);
  }
}

/** Everything crosses as text, but bytes. */
function onWire(value: Binding): string | Buffer | null {
  if (value === null) return null;
  return value instanceof Uint8Array ? Buffer.from(value) : String(value);
}

/** int8 and numeric too: every integer of ours is below 2^53. */
const numbers: ReadonlySet<number> = new Set([20, 21, 22, 23, 1700]);
const boolean = 16;

function fromWire(text: string | null | undefined, dataTypeId: number): unknown {
  if (text === null || text === undefined) return null;
  if (numbers.has(dataTypeId)) return Number(text);
  return dataTypeId === boolean ? text === "t" : text;
}
