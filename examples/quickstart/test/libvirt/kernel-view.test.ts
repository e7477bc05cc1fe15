import { describe, expect, it } from "vitest";
import { classOf, parseClass } from "../../src/libvirt/kernel-view.ts";

/** As iproute2 6.1 prints them, shortened. */
const sending = `filter parent 1: protocol all pref 1 u32 chain 0 fh 1: ht divisor 256
filter parent 1: protocol all pref 1 u32 chain 0 fh 1:6b:11 order 17 key ht 1 bkt 6b *flowid 1:10 not_in_hw
  match 02b3ff2f/ffffffff at -8
  match 3b6b0000/ffff0000 at -4
filter parent 1: protocol all pref 1 u32 chain 0 fh 1:b5:12 order 18 key ht 1 bkt b5 *flowid 1:11 not_in_hw
  match 02edf822/ffffffff at -8
  match 29b50000/ffff0000 at -4
filter parent 1: protocol all pref 1 u32 chain 0 fh 800: ht divisor 1
`;
const receiving = `filter parent 2: protocol all pref 1 u32 chain 0 fh 1:6b:11 order 17 key ht 1 bkt 6b *flowid 2:10 not_in_hw
  match 000002b3/0000ffff at -16
  match ff2f3b6b/ffffffff at -12
filter parent 2: protocol all pref 1 u32 chain 0 fh 1:b5:12 order 18 key ht 1 bkt b5 *flowid 2:11 not_in_hw
  match 000002ed/0000ffff at -16
  match f82229b5/ffffffff at -12
`;
const classes = `class htb 1:11 parent 1:1 leaf 11: prio 0 rate 16Mbit ceil 64Mbit burst 64Kb cburst 80000b
class htb 1:1 root rate 900Mbit ceil 900Mbit burst 1125000b cburst 1125000b
class htb 1:10 parent 1:1 leaf 10: prio 0 rate 8500Kbit ceil 1Gbit burst 64Kb cburst 64Kb
`;

describe("a guest's class", () => {
  it.each([
    ["02:b3:ff:2f:3b:6b", "1:10", "2:10"],
    ["02:ed:f8:22:29:b5", "1:11", "2:11"],
    ["02:00:00:00:00:01", undefined, undefined],
  ])("is where the filter of %s leads", (mac, out, back) => {
    expect(classOf(sending, mac)).toBe(out);
    expect(classOf(receiving, mac)).toBe(back);
  });

  it("has its rate and its ceil in kbit/s, in whatever unit they are printed", () => {
    expect(parseClass(classes, "1:11")).toEqual({ id: "1:11", rateKbit: 16_000, ceilKbit: 64_000 });
    expect(parseClass(classes, "1:10")).toEqual({ id: "1:10", rateKbit: 8500, ceilKbit: 1_000_000 });
    expect(parseClass(classes, "1:12")).toBeUndefined();
  });
});
