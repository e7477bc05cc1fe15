import type { FencedHost, HostFence } from "@cloudhost/core/ports";
import type { TestContext } from "vitest";

/** A fence, and two hosts that it can cut off. Each case opens one of its own. */
export interface HostFenceSubject extends AsyncDisposable {
  readonly fence: HostFence;
  readonly hosts: readonly [FencedHost, FencedHost];
  /** Whether anything may still run on a host, or be written by it: asked of the host itself, not of the fence. */
  readonly runs: (host: FencedHost) => Promise<boolean>;
  /** From now on the device cannot be reached. */
  readonly breakDevice: () => void;
}

/** Opens a subject: the argument of `describeHostFence`. */
export type OpenHostFenceSubject = () => Promise<HostFenceSubject>;

/** A case: opens a subject, runs, and disposes of it whatever came of it. */
export function eachCase(
  open: OpenHostFenceSubject,
  run: (subject: HostFenceSubject) => Promise<void>,
): (context: TestContext) => Promise<void> {
  return async () => {
    await using subject = await open();
    await run(subject);
  };
}

/** A host that no fence knows. */
export const strangeHost: FencedHost = { id: `hst_${"0".repeat(26)}`, name: "no-such-host", zone: "az-1" };
