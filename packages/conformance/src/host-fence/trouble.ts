import { expect, it } from "vitest";
import { eachCase, strangeHost } from "./case.ts";
import type { OpenHostFenceSubject } from "./case.ts";

/** What cannot be done is never said to be done. */
export function troubleSuite(open: OpenHostFenceSubject): void {
  it(
    "has a name for people",
    eachCase(open, async ({ fence }) => expect(fence.name).toMatch(/\S/)),
  );

  it(
    "refuses a host that it does not know",
    eachCase(open, async ({ fence }) => {
      await expect(fence.fence(strangeHost)).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(fence.unfence(strangeHost)).rejects.toMatchObject({ code: "NOT_FOUND" });
    }),
  );

  it(
    "does nothing once the signal has fired",
    eachCase(open, async ({ fence, hosts: [dead], runs }) => {
      await expect(fence.fence(dead, AbortSignal.abort())).rejects.toMatchObject({ code: "CANCELLED" });
      expect(await runs(dead)).toBe(true);
    }),
  );

  it(
    "fails, to be tried again, where its device cannot be reached",
    eachCase(open, async ({ breakDevice, fence, hosts: [dead] }) => {
      breakDevice();
      await expect(fence.fence(dead)).rejects.toMatchObject({ code: "HOST_UNAVAILABLE", retryable: true });
    }),
  );
}
