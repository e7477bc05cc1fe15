import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HostClient } from "../../src/hosts/host-client.ts";
import { StubAgent } from "../agent/stubs/open-stub.ts";

/** What a bus may do to messages: far worse than any network that one would use. */
const faults = fc.record({
  seed: fc.integer(),
  drop: fc.double({ min: 0, max: 0.3, noNaN: true }),
  repeat: fc.double({ min: 0, max: 1, noNaN: true }),
  delayMs: fc.integer({ min: 0, max: 900 }),
  reorder: fc.double({ min: 0, max: 1, noNaN: true }),
});

describe("HostClient over a bus that loses, repeats, delays and reorders", () => {
  it("runs every command once and returns its own result", async () => {
    await fc.assert(
      fc.asyncProperty(faults, async (some) => {
        await using stub = await StubAgent.open({ faults: some });
        const { bus, name: host, clock, ids } = stub;
        const client = new HostClient({ bus, host, clock, ids });
        stub.host.acts.set("freezeDisk", () => clock.sleep(700));
        const guests = Array.from({ length: 6 }, () => ids.next("srv"));
        const results = await Promise.all(
          guests.map((guestId) =>
            clock.busy(async () => {
              const { compute } = client.bind({ operationId: null, epoch: 1, resource: guestId });
              await compute.start(guestId);
              const snapshotId = ids.next("snp");
              const source = await compute.freezeDisk(guestId, snapshotId);
              const state = await compute.get(guestId);
              return source.path === `/frozen/${snapshotId}` && state?.id === guestId;
            }),
          ),
        );
        expect(results).toEqual(guests.map(() => true));
        for (const guestId of guests) {
          expect(stub.host.count("start", guestId)).toBe(1);
          expect(stub.host.count("freezeDisk", guestId)).toBe(1);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("loses no command when the agent is restarted meanwhile", async () => {
    await fc.assert(
      fc.asyncProperty(faults, async (some) => {
        await using stub = await StubAgent.open({ faults: some });
        const { bus, name: host, clock, ids } = stub;
        const client = new HostClient({ bus, host, clock, ids });
        stub.host.acts.set("freezeDisk", (signal) => clock.sleep(8_000, signal));
        const freeze = async (): Promise<boolean> => {
          const [guestId, snapshotId] = [ids.next("srv"), ids.next("snp")];
          const { compute } = client.bind({ operationId: null, epoch: 1, resource: guestId });
          const { path } = await compute.freezeDisk(guestId, snapshotId);
          return path === `/frozen/${snapshotId}`;
        };
        const restart = async (): Promise<boolean> => {
          for (let times = 0; times < 3; times += 1) {
            await clock.sleep(2_000);
            await stub.reopen();
          }
          return true;
        };
        const busy = [restart, freeze, freeze, freeze, freeze].map((work) => clock.busy(work));
        expect(await Promise.all(busy)).toEqual(busy.map(() => true));
      }),
      { numRuns: 10 },
    );
  });
});
