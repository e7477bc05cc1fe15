import type { ActorCloud, OperationHandle, ServerState } from "@cloudhost/core";
import type { FakeFaults, FakePower } from "@cloudhost/driver-fake";

/** One operation as the harness runs it. */
export interface Scenario {
  /** The operation's kind, where the scenario is another way of it. @defaultValue the scenario's own name */
  readonly kind?: string;
  /** What there is before: nothing, a stopped guest `by-hand` on the first host, or the server `web-0` in this state. */
  readonly before: "nothing" | "a guest of others" | Before;
  /** Whether another server is on the same host, so that it has no room for a `large` one. */
  readonly neighbour?: true;
  /** Whether it may also end as failed where nothing was made to fail: it is cancelled, or was stuck. */
  readonly mayFail?: true;
  /** Makes the operation fail at its last step, so that all of it is taken back. One that only goes forward has none. */
  readonly fail?: (faults: FakeFaults, power: FakePower) => void;
  /** Asks for the operation, to be waited for; or waits for its end, or what is taken for it, itself. */
  run(album: ActorCloud, tools: ScenarioTools): Promise<Pick<OperationHandle<unknown>, "result"> | undefined>;
  /** How the thing it is about ends when it succeeds and when it fails. */
  readonly ends: { readonly succeeded: Ending; readonly failed?: Ending };
}

/** A server's state, and how it came to be in it where that makes a difference. */
export type Before =
  | ServerState
  | "resized elsewhere"
  | "active with a disk"
  | "stopped with a disk"
  | "shelved with a disk"
  | "active with two interfaces"
  | "stuck"
  | "on a fenced host"
  | "evacuated";

/** What a scenario may use besides. */
export interface ScenarioTools {
  /** The cloud as its operator sees it. */
  readonly ops: ActorCloud;
  readonly files: { readonly image: string; readonly broken: string };
  readonly fails: boolean;
  readonly faults: FakeFaults;
}

/** What of the cloud there is at the end. */
export interface Ending {
  readonly server: "none" | ServerState;
  /** Images besides the base that are active. */
  readonly images: number;
  /** Guests of others that are there, as they were. @defaultValue 0 */
  readonly strangers?: number;
}

/** Scenarios by name: an operation's kind, and what is special about it. */
export type Scenarios = Readonly<Record<string, Scenario>>;
