import { VirtualClock } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { SharedFlights } from "../../src/host/shared-flights.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("work that several wait for", () => {
  it("is done once, and again for who comes later", async () => {
    const flights = new SharedFlights<number>(new VirtualClock());
    let runs = 0;
    const work = async (): Promise<number> => {
      await turn();
      return (runs += 1);
    };
    expect(await Promise.all([flights.join("a", {}, work), flights.join("a", {}, work)])).toEqual([1, 1]);
    expect(await flights.join("a", {}, work)).toBe(2);
  });

  it("goes on for others when one leaves, and is cancelled when the last does", async () => {
    const flights = new SharedFlights<string>(new VirtualClock());
    const [one, two] = [new AbortController(), new AbortController()];
    let inner: AbortSignal | undefined;
    const work = ({ signal }: { signal?: AbortSignal | undefined }): Promise<string> => {
      inner = signal;
      return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("stopped"))));
    };
    const riders = [
      flights.join("a", { signal: one.signal }, work),
      flights.join("a", { signal: two.signal }, work),
    ].map((rider) => expect(rider).rejects.toMatchObject({ code: "CANCELLED" }));
    one.abort();
    await riders[0];
    expect(inner?.aborted).toBe(false);
    two.abort();
    await riders[1];
    expect(inner?.aborted).toBe(true);
  });

  it("fails for all who wait, and not for who comes later", async () => {
    const flights = new SharedFlights<string>(new VirtualClock());
    let runs = 0;
    const work = async (): Promise<string> => {
      await turn();
      if ((runs += 1) === 1) throw new Error("the first failed");
      return "done";
    };
    const ended = await Promise.allSettled([flights.join("a", {}, work), flights.join("a", {}, work)]);
    expect(ended.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await flights.join("a", {}, work)).toBe("done");
  });

  it("lets a virtual clock move when the work sleeps, whoever waits for it", async () => {
    const clock = new VirtualClock();
    const flights = new SharedFlights<string>(clock);
    const work = async (): Promise<string> => {
      await clock.sleep(60_000);
      return "done";
    };
    const riders = [1, 2].map(() => clock.busy(() => flights.join("a", {}, work)));
    expect(await Promise.all(riders)).toEqual(["done", "done"]);
  });
});
