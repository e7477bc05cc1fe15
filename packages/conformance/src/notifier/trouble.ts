import { expect, it } from "vitest";
import { eachCase, notificationOf } from "./case.ts";
import type { OpenNotifierSubject } from "./case.ts";

/** When it does not arrive. */
export function troubleSuite(open: OpenNotifierSubject): void {
  it(
    "says that trying again may help, and then it does",
    eachCase(open, async ({ notifier, received, behave }) => {
      behave("unavailable");
      await expect(notifier.notify(notificationOf(1))).rejects.toMatchObject({
        code: "HOST_UNAVAILABLE",
        retryable: true,
      });
      expect(received()).toEqual([]);
      behave("takes");
      await notifier.notify(notificationOf(1));
      expect(received()).toEqual([notificationOf(1)]);
    }),
  );

  it(
    "says that trying again does not help, and does not try",
    eachCase(open, async ({ notifier, attempts, behave }) => {
      behave("refuses");
      await expect(notifier.notify(notificationOf(1))).rejects.toMatchObject({
        code: "HOST_UNAVAILABLE",
        retryable: false,
      });
      expect(attempts()).toBe(1);
    }),
  );

  it(
    "does not wait for ever",
    eachCase(open, async ({ notifier, behave }) => {
      behave("silent");
      await expect(notifier.notify(notificationOf(1))).rejects.toMatchObject({
        code: "HOST_UNAVAILABLE",
        retryable: true,
      });
    }),
  );
}
