import { EventEmitter } from "node:events";
import type { OperationHandle, OperationProgress } from "@cloudhost/core";
import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import type { QuickstartEvent } from "../src/events.ts";
import { Stop, Stopped } from "../src/stop.ts";
import { follow, steps, timed } from "../src/tour.ts";

/** An operation whose progress and end a test decides. */
function operationOf<Result>() {
  const progress = new Subject<OperationProgress>();
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const handle = { id: "op_1", resourceId: "srv_1", progress, result: () => promise };
  const at = (step: string, percent: number): void =>
    progress.next({ operationId: "op_1", state: "running", step, percent });
  return { handle: handle as unknown as OperationHandle<Result>, at, resolve, reject, progress };
}

function listener() {
  const said: QuickstartEvent[] = [];
  return { said, say: (event: QuickstartEvent) => void said.push(event), stop: new Stop(new EventEmitter()) };
}

describe("following an operation", () => {
  it("tells each change once, and gives what came of it", async () => {
    const { handle, at, resolve } = operationOf<number>();
    const tour = listener();
    const following = follow(tour, "importing", async () => handle);
    await Promise.resolve();
    at("store", 0);
    at("store", 0);
    at("store", 50);
    resolve(7);
    expect(await following).toBe(7);
    expect(tour.said).toEqual([
      { event: "progress", of: "importing", step: "store", percent: 0 },
      { event: "progress", of: "importing", step: "store", percent: 50 },
    ]);
  });

  it("gives its error, also when its progress has one", async () => {
    const { handle, progress, reject } = operationOf<number>();
    const following = follow(listener(), "web-1", async () => handle);
    await Promise.resolve();
    progress.error(new Error("polling failed"));
    reject(new Error("no room"));
    await expect(following).rejects.toThrow("no room");
  });

  it("waits no longer than until the stop, and leaves no subscription", async () => {
    const { handle, progress } = operationOf<number>();
    const tour = listener();
    const following = follow(tour, "web-1", async () => handle);
    await Promise.resolve();
    tour.stop.fire("SIGINT");
    await expect(following).rejects.toBeInstanceOf(Stopped);
    expect(progress.observed).toBe(false);
  });

  it("begins nothing after the stop, but what was being asked for is asked for", async () => {
    const tour = listener();
    let asked = 0;
    const { promise, resolve } = Promise.withResolvers<OperationHandle<number>>();
    const following = follow(tour, "web-1", () => {
      asked += 1;
      return promise;
    });
    tour.stop.fire("SIGINT");
    resolve(operationOf<number>().handle);
    await expect(following).rejects.toBeInstanceOf(Stopped);
    await expect(follow(tour, "web-2", () => promise)).rejects.toBeInstanceOf(Stopped);
    expect(asked).toBe(1);
  });
});

describe("a tour", () => {
  it("numbers its steps", () => {
    const { said, say } = listener();
    const step = steps(say, 2);
    step("one");
    step("two");
    expect(said).toEqual([
      { event: "step", number: 1, of: 2, title: "one" },
      { event: "step", number: 2, of: 2, title: "two" },
    ]);
  });

  it("measures in whole milliseconds", async () => {
    const { result, ms } = await timed(async () => "done");
    expect(result).toBe("done");
    expect(Number.isInteger(ms)).toBe(true);
  });
});
