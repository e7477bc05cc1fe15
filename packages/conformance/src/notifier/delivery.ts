import { expect, it } from "vitest";
import { eachCase, notificationOf } from "./case.ts";
import type { OpenNotifierSubject } from "./case.ts";

/** What arrives, and when a call may say that it has. */
export function deliverySuite(open: OpenNotifierSubject): void {
  it(
    "has a name",
    eachCase(open, async ({ notifier }) => {
      expect(notifier.name).toMatch(/\S/);
    }),
  );

  it(
    "has carried it when the call resolves, unchanged",
    eachCase(open, async ({ notifier, received }) => {
      const notification = {
        ...notificationOf(1),
        data: { text: `zwölf "Grüße" </script>\n  \0 😀`, list: [1, 1.5, null, true, { deep: [] }], "": 2 ** 53 - 1 },
      };
      await notifier.notify(notification);
      expect(received()).toEqual([notification]);
    }),
  );

  it(
    "carries many at once",
    eachCase(open, async ({ notifier, received }) => {
      const all = Array.from({ length: 30 }, (_, number) => notificationOf(number));
      await Promise.all(all.map((notification) => notifier.notify(notification)));
      const byTime = received().toSorted((a, b) => a.atMs - b.atMs);
      expect(byTime).toEqual(all);
    }),
  );

  it(
    "carries a repeat under the same id",
    eachCase(open, async ({ notifier, received }) => {
      await notifier.notify(notificationOf(1));
      await notifier.notify(notificationOf(1));
      expect(new Set(received().map(({ id }) => id))).toEqual(new Set(["evt-1"]));
    }),
  );

  it(
    "refuses what is no notification, and carries nothing",
    eachCase(open, async ({ notifier, attempts }) => {
      for (const wrong of [{ id: "" }, { atMs: 1.5 }, { data: { when: 1n } }, { extra: true }]) {
        const notification = { ...notificationOf(1), ...wrong };
        await expect(notifier.notify(notification)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      }
      expect(attempts()).toBe(0);
    }),
  );
}
