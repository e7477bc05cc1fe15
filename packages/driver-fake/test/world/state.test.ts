import { macAddress, tapName, uuidv7Ids, VirtualClock } from "@cloudhost/core/ports";
import type { GuestSpec, HostBinding } from "@cloudhost/core/ports";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WorldRecord } from "../../src/world/record.ts";
import { applyRecord, newHost, worldRecordOf } from "../../src/world/state.ts";
import type { HostState } from "../../src/world/state.ts";

const ids = uuidv7Ids(new VirtualClock());
const nicId = ids.next("nic");
const nic = {
  id: nicId,
  tap: tapName(nicId),
  mac: macAddress(nicId),
  address: "10.0.0.2",
  prefixLength: 24,
  gateway: "10.0.0.1",
};
const specs = [ids.next("srv"), ids.next("srv")].map((id): GuestSpec => ({
  id,
  name: "web-1",
  vcpus: 2,
  milliEcuPerVcpu: 1000,
  memoryMib: 128,
  disks: [{ kind: "system", sizeGib: 1 }],
  base: { path: "/base", format: "raw", digest: `sha256:${"1".repeat(64)}` },
  nics: [nic],
}));
const binding = (ceilKbit: number): HostBinding => ({
  ...nic,
  serverId: specs[0]?.id ?? "",
  tenant: 1,
  classId: 0x10,
  internal: { rateKbit: 1, ceilKbit },
  external: null,
});

const cpu = fc.constant({ shares: 1024, periodUs: 100_000, quotaUsPerVcpu: 25_000 });
const spec = fc.constantFrom(...specs);
const guestId = spec.map(({ id }) => id);
const atMs = fc.integer({ min: 0, max: 10_000_000 });
const snapshotId = fc.constantFrom("snp_1", "snp_2");
const change = fc.oneof(
  fc.integer({ min: 1, max: 100_000 }).map((ceilKbit) => ({ kind: "binding", binding: binding(ceilKbit) }) as const),
  fc.constant({ kind: "noBinding", nicId } as const),
);

/** Anything that can be written, also what makes no sense at that moment. */
const record: fc.Arbitrary<WorldRecord> = fc.oneof(
  fc.record({
    kind: fc.constant("defined" as const),
    spec,
    baseBytes: fc.constant(4096),
    rescueBytes: fc.constantFrom(null, 4096),
  }),
  fc.record({ kind: fc.constant("started" as const), guestId, atMs, cpu }),
  fc.record({ kind: fc.constant("stopped" as const), guestId, atMs, clean: fc.boolean() }),
  fc.record({
    kind: fc.constant("rebooted" as const),
    guestId,
    atMs,
    cpu,
    commandId: fc.constant("cmd_1"),
    clean: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom("paused", "unpaused", "suspended"), guestId, atMs }),
  fc.record({ kind: fc.constant("resumed" as const), guestId, atMs, cpu }),
  fc.record({ kind: fc.constant("changed" as const), spec, atMs, cpu }),
  fc.record({ kind: fc.constant("layered" as const), guestId, disk: fc.constant("system" as const) }),
  fc.record({ kind: fc.constantFrom("kept", "restored", "dropped"), guestId, keepId: fc.constant("snp_1") }),
  fc.record({ kind: fc.constantFrom("freezing", "frozen", "released"), guestId, snapshotId }),
  fc.record({ kind: fc.constant("removed" as const), guestId }),
  fc.record({ kind: fc.constant("network" as const), atMs, changes: fc.array(change) }),
);

const play = (records: readonly WorldRecord[], from: HostState = newHost): HostState =>
  records.reduce(applyRecord, from);

describe("a fake host's state", () => {
  it("is the same from its records and from the one that stands for them", () => {
    fc.assert(
      fc.property(fc.array(record), fc.array(record), (before, after) => {
        const state = play(before);
        const read = WorldRecord.parse(JSON.parse(JSON.stringify(worldRecordOf(state))));
        expect(play(after, play([read]))).toEqual(play(after, state));
      }),
    );
  });

  it("never has a guest use less than before, whatever happens but its removal", () => {
    const lasting = record.filter(({ kind }) => kind !== "removed");
    fc.assert(
      fc.property(fc.array(lasting), lasting, (before, next) => {
        const state = play(before);
        for (const [id, { use }] of play([next], state).guests) {
          const past = state.guests.get(id)?.use;
          for (const counter of ["ranMs", "cpuUs", "internalRxBytes", "externalTxBytes"] as const) {
            expect(use[counter]).toBeGreaterThanOrEqual(past?.[counter] ?? 0);
          }
        }
      }),
    );
  });

  it("is a value: what happens later does not touch it", () => {
    fc.assert(
      fc.property(fc.array(record), fc.array(record), (before, after) => {
        const state = play(before);
        const copy = structuredClone(state);
        play(after, state);
        expect(state).toEqual(copy);
      }),
    );
  });
});
