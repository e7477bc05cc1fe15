import type { CallOptions } from "../connection/calls.ts";
import type { ArgsOf, ProcedureName, ResultOf } from "../protocol/names.ts";

/**
 * Kinds of calls that must not wait for each other, so that each has connections of its own: `control` changes things,
 * `monitoring` asks, `jobs` may take minutes.
 */
export type Lane = "control" | "monitoring" | "jobs";

/** A call's way to the daemon. */
export interface LaneCallOptions extends CallOptions {
  /** @defaultValue `control` */
  readonly lane?: Lane | undefined;
  /** Calls with the same key go one after the other: a domain's UUID, for what changes it. */
  readonly key?: string | undefined;
}

/** Calls procedures, each over its lane. */
export interface LaneCaller {
  /** @throws LibvirtError */
  call<Name extends ProcedureName>(name: Name, args: ArgsOf<Name>, options?: LaneCallOptions): Promise<ResultOf<Name>>;
}
