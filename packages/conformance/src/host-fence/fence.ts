import { expect, it } from "vitest";
import { eachCase } from "./case.ts";
import type { OpenHostFenceSubject } from "./case.ts";

/** Cutting off, and letting back. */
export function fenceSuite(open: OpenHostFenceSubject): void {
  it(
    "resolves when nothing runs on the host any more, and touches no other",
    eachCase(open, async ({ fence, hosts: [dead, other], runs }) => {
      expect([await runs(dead), await runs(other)]).toEqual([true, true]);
      await fence.fence(dead);
      expect([await runs(dead), await runs(other)]).toEqual([false, true]);
    }),
  );

  it(
    "leaves one alone that is fenced already",
    eachCase(open, async ({ fence, hosts: [dead], runs }) => {
      await fence.fence(dead);
      await fence.fence(dead);
      expect(await runs(dead)).toBe(false);
    }),
  );

  it(
    "lets a host come back, and one that is not fenced alone",
    eachCase(open, async ({ fence, hosts: [dead, other], runs }) => {
      await fence.fence(dead);
      await fence.unfence(dead);
      await fence.unfence(dead);
      await fence.unfence(other);
      await expect.poll(async () => [await runs(dead), await runs(other)], { interval: 5 }).toEqual([true, true]);
    }),
  );

  it(
    "cuts it off again",
    eachCase(open, async ({ fence, hosts: [dead], runs }) => {
      await fence.fence(dead);
      await fence.unfence(dead);
      await fence.fence(dead);
      expect(await runs(dead)).toBe(false);
    }),
  );
}
