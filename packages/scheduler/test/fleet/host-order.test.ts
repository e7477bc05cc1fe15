import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { empty, HostOrder } from "../../src/fleet/host-order.ts";

/** Few hashes, so that many hosts have one; some at the end of all, where there is no room behind. */
const hash = fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 0xffffffff }), fc.constant(0xffffffff));

function hostsOf(order: HostOrder): number[] {
  return Array.from({ length: order.length }, (_, position) => order.at(position)).filter((host) => host !== empty);
}

describe("hosts in the order of their hashes", () => {
  it("are in it whoever comes and goes, and each change of a position is told", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: 60 }), hash), { size: "+2" }), fc.array(hash), (steps, asked) => {
        const order = new HostOrder();
        let untold = 0;
        const hashes = new Map<number, number>();
        let seen = new Map<number, number>();
        const look = (position: number): void => void seen.set(position, order.at(position));
        const lookAtAll = (): void =>
          void (seen = new Map(Array.from({ length: order.length }, (_, at) => [at, order.at(at)])));
        lookAtAll();
        for (const [host, hashOfHost] of steps) {
          if (hashes.delete(host)) order.delete(host, look);
          else {
            hashes.set(host, hashOfHost);
            if (!order.add(host, `hst_${host}`, hashOfHost, look)) lookAtAll();
          }
          untold += [...seen].filter(([position, there]) => order.at(position) !== there).length;
        }
        expect(untold).toBe(0);
        const byHash = (a: number, b: number): number =>
          hashes.get(a)! - hashes.get(b)! || (`hst_${a}` < `hst_${b}` ? -1 : 1);
        const expected = [...hashes.keys()].toSorted(byHash);
        expect(hostsOf(order)).toEqual(expected);
        expect(expected.map((host) => order.at(order.positionOf(host)))).toEqual(expected);
        for (const from of asked) {
          const ahead = hostsOf(order).filter((host) => order.positionOf(host) >= order.firstFrom(from));
          expect(ahead).toEqual(expected.filter((host) => hashes.get(host)! >= from));
        }
      }),
    );
  });

  it("find room when very many come", () => {
    const order = new HostOrder();
    for (let host = 0; host < 2000; host += 1)
      order.add(host, String(host).padStart(4, "0"), 0xffffffff - (host % 7), () => {});
    expect(hostsOf(order)).toHaveLength(2000);
  });
});
