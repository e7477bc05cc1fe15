import { expect, it } from "vitest";
import { eachCase, notificationOf } from "./case.ts";
import type { OpenNotifierSubject } from "./case.ts";

/** A signal that fires, and the notifier's end. */
export function cancelSuite(open: OpenNotifierSubject): void {
  it(
    "carries nothing once the signal has fired",
    eachCase(open, async ({ notifier, attempts }) => {
      const refused = notifier.notify(notificationOf(1), AbortSignal.abort());
      await expect(refused).rejects.toMatchObject({ code: "CANCELLED" });
      expect(attempts()).toBe(0);
    }),
  );

  it(
    "gives up when the signal fires",
    eachCase(open, async ({ notifier, attempts, behave }) => {
      behave("silent");
      const controller = new AbortController();
      const ended = notifier.notify(notificationOf(1), controller.signal).catch((error: unknown) => error);
      await expect.poll(attempts, { interval: 5 }).toBe(1);
      controller.abort();
      expect(await ended).toMatchObject({ code: "CANCELLED" });
    }),
  );

  it(
    "gives up when it is disposed of, and takes no more",
    eachCase(open, async ({ notifier, attempts, behave }) => {
      behave("silent");
      const ended = notifier.notify(notificationOf(1)).catch((error: unknown) => error);
      await expect.poll(attempts, { interval: 5 }).toBe(1);
      await notifier[Symbol.asyncDispose]();
      expect(await ended).toMatchObject({ code: "CANCELLED" });
      await expect(notifier.notify(notificationOf(2))).rejects.toMatchObject({ code: "CANCELLED" });
    }),
  );
}
