import { networkOf, sampleBinding } from "@cloudhost/conformance";
import type { HostBinding } from "@cloudhost/core/ports";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostModel } from "../../src/model.ts";
import { filterHandle, tableCount } from "../../src/shaping/filters.ts";
import { planShaping } from "../../src/shaping/plan.ts";
import { wantedShaping } from "../../src/shaping/state.ts";
import { facts } from "../open-subject.ts";

const mac = "02:aa:bb:cc:dd:0e";
const server = (differing: Partial<HostBinding> = {}): HostBinding =>
  sampleBinding(1, { mac, classId: 0x20, internal: { rateKbit: 10_000, ceilKbit: 50_000 }, ...differing });

/** The lines from one host's servers to another's, as far as they are about one device. */
function lines(from: readonly HostBinding[], to: readonly HostBinding[], device: string, fairQueues = false): string[] {
  const model = hostModel(networkOf(to), { ...facts, fairQueues });
  const present = wantedShaping(hostModel(networkOf(from), facts));
  return planShaping(model, present, wantedShaping(model)).filter((line) => line.includes(` dev ${device} `));
}

describe("planning bandwidth", () => {
  it("gives a new server class, queue and filter, in this order", () => {
    expect(lines([], [server()], "ch-int-out")).toEqual([
      "class replace dev ch-int-out parent 1:1 classid 1:20 htb rate 10000kbit burst 65536 ceil 50000kbit cburst 65536 quantum 1514",
      "qdisc replace dev ch-int-out parent 1:20 handle 20: bfifo limit 75000",
      "filter add dev ch-int-out parent 1: prio 1 protocol all handle 1:e:21 u32 ht 1:e: match u32 0x2aabbcc 0xffffffff at -8 match u16 0xdd0e 0xffff at -4 flowid 1:20",
    ]);
    expect(lines([], [server()], "ch-int-in").at(-1)).toBe(
      "filter add dev ch-int-in parent 2: prio 1 protocol all handle 1:e:21 u32 ht 1:e: match u16 0x02aa 0xffff at -14 match u32 0xbbccdd0e 0xffffffff at -12 flowid 2:20",
    );
  });

  it("gives one that bought no external bandwidth no class there", () => {
    expect(lines([], [server()], "ch-ext-out")).toEqual([]);
    expect(lines([], [server({ external: { rateKbit: 100, ceilKbit: 100 } })], "ch-ext-out")).toHaveLength(3);
  });

  it("changes a queue before its class, so that a class tells that its queue is right", () => {
    const faster = server({ internal: { rateKbit: 400_000, ceilKbit: 500_000 } });
    expect(lines([server()], [faster], "ch-int-out")).toEqual([
      "qdisc replace dev ch-int-out parent 1:20 handle 20: bfifo limit 1250000",
      "class replace dev ch-int-out parent 1:1 classid 1:20 htb rate 400000kbit burst 500000 ceil 500000kbit cburst 625000 quantum 50000",
    ]);
  });

  it("takes a filter away before the class that it holds", () => {
    expect(lines([server()], [], "ch-int-out")).toEqual([
      "filter del dev ch-int-out parent 1: prio 1 protocol all handle 1:e:21 u32",
      "class del dev ch-int-out classid 1:20",
    ]);
  });

  it("takes differences below what tc prints for none", () => {
    const nearly = server({ internal: { rateKbit: 10_005, ceilKbit: 50_049 } });
    expect(lines([server()], [nearly], "ch-int-out")).toEqual([]);
  });

  it("takes fair queues where the kernel has them", () => {
    expect(lines([], [server()], "ch-int-out", true)).toContain(
      "qdisc replace dev ch-int-out parent 1:20 handle 20: fq_codel limit 1024 flows 128",
    );
  });

  it("makes a tree whose root is not whole anew", () => {
    const model = hostModel(networkOf([]), facts);
    const all = planShaping(model, new Map(), wantedShaping(model)).filter((line) => line.includes(" ch-ext-in "));
    expect(all.slice(0, 5)).toEqual([
      "qdisc replace dev ch-ext-in root pfifo",
      "qdisc replace dev ch-ext-in root handle 4: htb default f",
      "class add dev ch-ext-in parent 4: classid 4:1 htb rate 1000000kbit burst 1250000 ceil 1000000kbit cburst 1250000 quantum 60000",
      "class add dev ch-ext-in parent 4:1 classid 4:f htb rate 64kbit burst 65536 ceil 1000000kbit cburst 1250000 quantum 1514",
      "qdisc add dev ch-ext-in parent 4:f handle f: bfifo limit 0",
    ]);
    expect(all).toHaveLength(5 + 2 * tableCount);
  });

  it("keeps bursts and quanta in what HTB can count", () => {
    const rate = fc.integer({ min: 1, max: 100_000_000 });
    fc.assert(
      fc.property(rate, (rateKbit) => {
        const [line = ""] = lines([], [server({ internal: { rateKbit, ceilKbit: rateKbit } })], "ch-int-out");
        const [, burst = "", quantum = ""] = /burst (\d+) ceil .* quantum (\d+)$/.exec(line) ?? [];
        const ticksOf64Ns = (Number(burst) * 8 * 1e6) / rateKbit / 64;
        expect(ticksOf64Ns).toBeLessThan(2 ** 32);
        expect(Number(burst)).toBeGreaterThanOrEqual(1514);
        expect(Number(quantum)).toBeGreaterThanOrEqual(1514);
        expect(Number(quantum)).toBeLessThanOrEqual(60_000);
      }),
    );
  });
});

describe("a filter's handle", () => {
  const classId = fc.integer({ min: 0x10, max: 0xffff });

  it("is one that tc takes, and as it prints it", () => {
    fc.assert(
      fc.property(classId, fc.nat(255), (id, byte) => {
        const handle = filterHandle(`02:00:00:00:00:${byte.toString(16).padStart(2, "0")}`, id);
        const [table = "", bucket = "", number = ""] = handle.split(":");
        expect(Number.parseInt(table, 16)).toBeGreaterThanOrEqual(1);
        expect(Number.parseInt(table, 16)).toBeLessThanOrEqual(tableCount);
        expect(bucket).toBe(byte === 0 ? "" : byte.toString(16));
        expect(Number.parseInt(number, 16)).toBeGreaterThanOrEqual(1);
        expect(Number.parseInt(number, 16)).toBeLessThanOrEqual(0xfff);
      }),
    );
  });

  it("is another for another class", () => {
    fc.assert(fc.property(classId, classId, (a, b) => (filterHandle(mac, a) === filterHandle(mac, b)) === (a === b)));
  });
});
