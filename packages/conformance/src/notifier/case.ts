import type { Notification, Notifier } from "@cloudhost/core/ports";
import type { TestContext } from "vitest";

/**
 * How the place behaves to which notifications are carried: it takes them; it refuses them for good; it cannot take
 * them just now; it says nothing at all.
 */
export type ReceiverBehaviour = "takes" | "refuses" | "unavailable" | "silent";

/** A notifier, and the place to which it carries. Each case opens one of its own. */
export interface NotifierSubject extends AsyncDisposable {
  readonly notifier: Notifier;
  /** What has arrived and been taken there, in order, repeats included. */
  received(): readonly Notification[];
  /** How many attempts have reached the place, taken or not. */
  attempts(): number;
  /** How the place behaves from now on. It takes everything at first. */
  behave(behaviour: ReceiverBehaviour): void;
}

/** Opens a subject: the argument of `describeNotifier`. */
export type OpenNotifierSubject = () => Promise<NotifierSubject>;

/** A case: opens a subject, runs, and disposes of it whatever came of it. */
export function eachCase(
  open: OpenNotifierSubject,
  run: (subject: Omit<NotifierSubject, typeof Symbol.asyncDispose>) => Promise<void>,
): (context: TestContext) => Promise<void> {
  return async () => {
    await using subject = await open();
    await run(subject);
  };
}

/** A notification that no other number gives. */
export const notificationOf = (number: number): Notification => ({
  id: `evt-${number}`,
  kind: "server.create.failed",
  atMs: 1_767_225_600_000 + number,
  data: { code: "NO_VALID_HOST", number },
});
