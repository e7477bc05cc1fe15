import { VirtualClock, isCloudHostError, silentLogger, uuidv7Ids } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { memoryBackend } from "../../src/index.ts";
import { leaseLifeMs } from "../../src/leases/lease-record.ts";
import { Leases } from "../../src/leases/leases.ts";
import type { Lease } from "../../src/leases/leases.ts";
import { putStrangersLease } from "../support/strangers.ts";

function setUp() {
  const clock = new VirtualClock();
  const backend = memoryBackend(clock);
  const open = (): Leases => new Leases(backend, { clock, ids: uuidv7Ids(clock), logger: silentLogger });
  return { clock, backend, leases: open(), open };
}
const keysOf = async (backend: ReturnType<typeof memoryBackend>): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of backend.list("")) keys.push(key);
  return keys;
};

describe("leases", () => {
  it("are there for everybody until they are disposed of", async () => {
    const { leases, open, backend } = setUp();
    const lease = await leases.open("sessions", "debian");
    expect(await open().list("sessions", lease.key)).toEqual([{ key: lease.key, about: "debian", held: true }]);
    await lease[Symbol.asyncDispose]();
    expect(await keysOf(backend)).toEqual([]);
  });

  it("of this process are dead when nobody here has them", async () => {
    const { leases, backend } = setUp();
    const lease = await leases.open("sessions");
    const record = (await backend.get(lease.key)) ?? new Uint8Array();
    await backend.put("sessions/own_another.1", record);
    expect(await leases.list("sessions", lease.key)).toContainEqual({
      key: "sessions/own_another.1",
      about: undefined,
      held: false,
    });
    await lease[Symbol.asyncDispose]();
  });

  it("of another machine live as long as they are renewed, by the store's clock", async () => {
    const { leases, backend, clock } = setUp();
    await putStrangersLease(backend, "sessions/own_stranger.1");
    await clock.advance({ ms: leaseLifeMs - 1 });
    const early = await leases.open("collections");
    expect(await leases.list("sessions", early.key)).toMatchObject([{ held: true }]);
    await early[Symbol.asyncDispose]();
    await clock.advance({ ms: 2 });
    const late = await leases.open("collections");
    expect(await leases.list("sessions", late.key)).toMatchObject([{ held: false }]);
    await late[Symbol.asyncDispose]();
  });

  it("that cannot be read count by their age: a newer version may have written them", async () => {
    const { leases, backend, clock } = setUp();
    await backend.put("sessions/own_newer.1", Buffer.from(`{"version":2}`));
    const lease = await leases.open("collections");
    expect(await leases.list("sessions", lease.key)).toMatchObject([{ held: true }]);
    await clock.advance({ ms: leaseLifeMs + 1 });
    expect(await leases.list("sessions", lease.key)).toMatchObject([{ held: false }]);
    await lease[Symbol.asyncDispose]();
  });

  it("are renewed while they are held", async () => {
    const { leases, clock } = setUp();
    const lease = await leases.open("sessions");
    await clock.advance({ ms: 3 * leaseLifeMs });
    expect(() => lease.assertHeld()).not.toThrow();
    await lease[Symbol.asyncDispose]();
  });

  it("do not count as held when they could not be renewed", async () => {
    const { clock, backend } = setUp();
    let isDown = false;
    const put: typeof backend.put = async (key, bytes) => {
      if (isDown) throw new Error("the store is down");
      await backend.put(key, bytes);
    };
    const flaky = Object.assign(Object.create(backend) as typeof backend, { put });
    const lease = await new Leases(flaky, { clock, ids: uuidv7Ids(clock), logger: silentLogger }).open("sessions");
    isDown = true;
    await clock.advance({ ms: leaseLifeMs });
    expect(() => lease.assertHeld()).toThrow(expect.objectContaining({ code: "HOST_UNAVAILABLE", retryable: true }));
  });

  it("exclude each other about one thing, whoever comes at once", async () => {
    const { open, clock } = setUp();
    let holders = 0;
    let most = 0;
    const turns = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        clock.busy(async () => {
          const lease = await open().openAlone("sessions", at % 2 === 0 ? "even" : "odd");
          most = Math.max(most, (holders += 1));
          await clock.sleep(1_000);
          holders -= 1;
          await lease[Symbol.asyncDispose]();
          return lease.key;
        }),
      ),
    );
    expect(new Set(turns).size).toBe(8);
    expect(most).toBe(2);
  });

  it("stop waiting when the signal fires, and leave nothing", async () => {
    const { leases, backend } = setUp();
    await putStrangersLease(backend, "sessions/own_0.1", "debian");
    const controller = new AbortController();
    const waiting = leases.openAlone("sessions", "debian", controller.signal).then(
      (lease: Lease) => lease.key,
      (error: unknown) => isCloudHostError(error, "CANCELLED"),
    );
    setImmediate(() => controller.abort());
    expect(await waiting).toBe(true);
    expect(await keysOf(backend)).toEqual(["sessions/own_0.1"]);
  });
});
