import type { z } from "zod";
import type { Script } from "../database/script.ts";
import type { CloudHostError } from "../errors.ts";
import type { ActTools, DecideTools, RecordTools } from "./tools.ts";

/** An operation's kind: what it is about, and what is done. Its steps know the thing's id as `serverId` or `imageId`. */
export type OperationKind = `${"server" | "image"}.${string}`;

type Subject<Kind extends string> = Kind extends `${infer Resource}.${string}`
  ? { [Key in `${Resource}Id`]: string }
  : never;
type After<State, Out> = Out extends object ? State & Out : State;
type Maybe<Out> = Out | Promise<Out>;
/** What a step's undo may know: what the step would have returned may never have been known. */
type Undone<Before, Out> = Before & (Out extends object ? Partial<Out> : unknown);

/** There, or back. */
export type Direction = "do" | "undo";

/** Guarded writes. */
export interface RecordStep<Before, Out> {
  /** Alternatives, tried in order: the first whose guards hold is done. */
  write(context: Before & RecordTools): readonly Script<Out>[];
  /** Takes it back; also when it never happened. */
  undo?(context: Undone<Before, Out> & RecordTools): Script;
}

/** An effect outside. Idempotent by the subject's id: it may be done twice, and again after a crash. */
export interface ActStep<Before, Out> {
  /** Commits with the journal entry that begins the step, in either direction; it may be done again after a crash. */
  mark?(context: Before & RecordTools, direction: Direction): Script<{ revision: number }>;
  run(context: Before & ActTools): Promise<Out>;
  /** Takes it back; also when it was half done or never. */
  undo?(context: Undone<Before, Out> & ActTools): Promise<void>;
}

/** A step as the engine sees it, its types gone. */
export type Step =
  | { readonly type: "decide"; readonly name: string; run(context: object): Maybe<object> }
  | ({ readonly type: "record"; readonly name: string } & RecordStep<object, object | void>)
  | ({ readonly type: "act"; readonly name: string } & ActStep<object, object | void>);

/** An operation as the engine sees it. */
export interface OperationDefinition {
  readonly kind: string;
  readonly input: z.ZodType<object>;
  readonly steps: readonly Step[];
  /** Commits with the journal entry that ends a failed operation, everything taken back. */
  readonly failed: (context: object, error: CloudHostError) => Script;
}

/**
 * A saga in the making. `decide` is pure and holds no transaction; adjacent `record` steps commit together with the
 * operation's journal, as one script; `act` steps reach outside. What a step returns, the later ones know.
 */
export interface OperationBuilder<Input, Id, State> {
  decide<Out extends object>(
    name: string,
    run: (context: { input: Input } & Id & State & DecideTools) => Maybe<Out>,
  ): OperationBuilder<Input, Id, After<State, Out>>;
  record<Out extends object | void>(
    name: string,
    step: RecordStep<{ input: Input } & Id & State, Out>,
  ): OperationBuilder<Input, Id, After<State, Out>>;
  act<Out extends object | void>(
    name: string,
    step: ActStep<{ input: Input } & Id & State, Out>,
  ): OperationBuilder<Input, Id, After<State, Out>>;
  /** Ends it: what is written when it has failed and all is taken back. */
  failed(
    write: (context: { input: Input } & Id & Partial<State> & RecordTools, error: CloudHostError) => Script,
  ): OperationDefinition;
}

/**
 * Defines an operation: `defineOperation("server.create", Input).decide(…).record(…).act(…).failed(…)`.
 * @param input parses what the service put into the journal
 */
export function defineOperation<Kind extends OperationKind, Schema extends z.ZodType<object>>(
  kind: Kind,
  input: Schema,
): OperationBuilder<z.output<Schema>, Subject<Kind>, unknown> {
  const steps: Step[] = [];
  const builder = {
    decide(name: string, run: never) {
      steps.push({ type: "decide", name, run });
      return builder;
    },
    record(name: string, step: RecordStep<never, never>) {
      steps.push({ type: "record", name, ...step });
      return builder;
    },
    act(name: string, step: ActStep<never, never>) {
      steps.push({ type: "act", name, ...step });
      return builder;
    },
    failed: (failed: never): OperationDefinition => ({ kind, input, steps, failed }),
  };
  return builder as never;
}
