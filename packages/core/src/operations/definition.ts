import type { z } from "zod";
import type { Script } from "../database/script.ts";
import type { CloudHostError } from "../errors.ts";
import type { ActTools, DecideTools, RecordTools } from "./tools.ts";

/** An operation's kind: what it is about, and what is done. Its steps know the thing's id, for instance as `serverId`. */
export type OperationKind = `${"server" | "image" | "project" | "host"}.${string}`;

type Subject<Kind extends string> = Kind extends `${infer Resource}.${string}`
  ? { [Key in `${Resource}Id`]: string }
  : never;
type After<State, Out> = Out extends object ? State & Out : State;
type Maybe<Out> = Out | Promise<Out>;
/** What a step's undo may know: what the step would have returned may never have been known. */
type Undone<Before, Out> = Before & (Out extends object ? Partial<Out> : unknown);

/** There, or back. */
export type Direction = "do" | "undo";

/** Guarded writes that are not taken back. */
export interface ForwardRecordStep<Before, Out> {
  /** Alternatives, tried in order: the first whose guards hold is done. */
  write(context: Before & RecordTools): readonly Script<Out>[];
}

/** Guarded writes. */
export interface RecordStep<Before, Out> extends ForwardRecordStep<Before, Out> {
  /** Takes it back; also when it never happened. */
  undo?(context: Undone<Before, Out> & RecordTools): Script;
}

/** An effect outside that is not taken back. Idempotent by the subject's id: it may be done twice, and after a crash. */
export interface ForwardActStep<Before, Out> {
  /**
   * The id of the host that the step reaches, there and back, for operations with steps on several hosts; `null` for
   * none. It is called again after a crash and must give the same. A process that does not reach that host hands the
   * operation over to one that does.
   * @defaultValue the `hostId` that an earlier step returned, else the input's
   */
  on?(context: Before): string | null;
  /**
   * Whether it goes straight on behind the act step before it, with no journal entry between the two. After a crash the
   * run begins again at the first of such a row, and when it is then taken back, all of the row is. For a step without
   * a mark on the host of the one before it, where doing that one again costs little.
   * @defaultValue `false`
   */
  readonly goesOn?: boolean;
  /** Commits with the journal entry that begins the step, in either direction; it may be done again after a crash. */
  mark?(context: Before & RecordTools, direction: Direction): Script<{ revision: number }>;
  /** Before the point of no return, `transfer.signal` and the host's commands are cancelled with the operation. */
  run(context: Before & ActTools): Promise<Out>;
}

/** An effect outside. Idempotent by the subject's id: it may be done twice, and again after a crash. */
export interface ActStep<Before, Out> extends ForwardActStep<Before, Out> {
  /** Takes it back; also when it was half done or never. Where it throws `GUEST_NOT_FOUND` there is nothing to take back. */
  undo?(context: Undone<Before, Out> & ActTools): Promise<void>;
}

/** A step as the engine sees it, its types gone. */
export type Step =
  | { readonly type: "decide"; readonly name: string; run(context: object): Maybe<object> }
  | ({ readonly type: "record"; readonly name: string } & RecordStep<object, object | void>)
  | ({ readonly type: "act"; readonly name: string } & ActStep<object, object | void>);

/** An act step as the engine sees it. */
export type Act = Extract<Step, { type: "act" }>;

/** An operation as the engine sees it. */
export interface OperationDefinition {
  readonly kind: string;
  readonly input: z.ZodType<object>;
  readonly steps: readonly Step[];
  /** Index of the first step that only goes forward; the number of steps where each can be taken back. */
  readonly pointOfNoReturn: number;
  /** Commits with the journal entry that ends a failed operation, everything taken back or the rest given up. */
  readonly failed: (context: object, error: CloudHostError) => Script;
}

/** The steps behind a point of no return: none of them has an undo. */
export interface ForwardBuilder<Input, Id, State> {
  decide<Out extends object>(
    name: string,
    run: (context: { input: Input } & Id & State & DecideTools) => Maybe<Out>,
  ): ForwardBuilder<Input, Id, After<State, Out>>;
  record<Out extends object | void>(
    name: string,
    step: ForwardRecordStep<{ input: Input } & Id & State, Out>,
  ): ForwardBuilder<Input, Id, After<State, Out>>;
  act<Out extends object | void>(
    name: string,
    step: ForwardActStep<{ input: Input } & Id & State, Out>,
  ): ForwardBuilder<Input, Id, After<State, Out>>;
  /**
   * Ends it: what is written when it has failed and all is taken back; and when an operator gives it up, with what was
   * not taken back or not done left as it is.
   */
  failed(
    write: (context: { input: Input } & Id & Partial<State> & RecordTools, error: CloudHostError) => Script,
  ): OperationDefinition;
}

/**
 * A saga in the making. `decide` is pure and holds no transaction; adjacent `record` steps commit together with the
 * operation's journal, as one script; `act` steps reach outside. What a step returns, the later ones know.
 */
export interface OperationBuilder<Input, Id, State> extends Pick<ForwardBuilder<Input, Id, State>, "failed"> {
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
  /**
   * From here it only goes forward: what the next step does cannot be taken back, a deleted disk for instance. The point
   * is passed by the commit that begins the next act step, or ends the operation; while that commit is refused, all can
   * still be taken back. Behind it
   * - no step has an undo,
   * - whatever fails is tried again, for about a minute, and then the operation is `stuck`: to be retried or abandoned,
   * - a cancel is refused with `CONFLICT`, and the deadline counts no more.
   */
  pointOfNoReturn(): ForwardBuilder<Input, Id, State>;
}

/**
 * Defines an operation: `defineOperation("server.create", Input).decide(…).record(…).act(…).failed(…)`.
 *
 * The next version resumes what this one has begun. It may change what a step does, and put steps behind the last one.
 * A step that was renamed or moved it does not find where the journal says, and the operation is `stuck` with
 * `VERSION_MISMATCH` rather than run at the wrong step. The journal names the first of steps that go straight on.
 * @param input parses what the service put into the journal
 * @example
 * defineOperation("server.rebuild", RebuildPlan)
 *   .act("base image", { run: …, undo: … })
 *   .pointOfNoReturn()
 *   .act("guest", { run: ({ host, serverId, base }) => host.compute.rebuild(serverId, base) })
 *   .failed(({ servers, serverId }, error) => servers.fail(serverId, error));
 */
export function defineOperation<Kind extends OperationKind, Schema extends z.ZodType<object>>(
  kind: Kind,
  input: Schema,
): OperationBuilder<z.output<Schema>, Subject<Kind>, unknown> {
  const steps: Step[] = [];
  let pointOfNoReturn: number | undefined;
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
    pointOfNoReturn() {
      pointOfNoReturn = steps.length;
      return builder;
    },
    failed: (failed: never): OperationDefinition => ({
      kind,
      input,
      steps,
      pointOfNoReturn: pointOfNoReturn ?? steps.length,
      failed,
    }),
  };
  return builder as never;
}
