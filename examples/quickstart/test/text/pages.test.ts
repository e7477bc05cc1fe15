import { describe, expect, it } from "vitest";
import { QuickstartEvent } from "../../src/events.ts";
import { pageOf } from "../../src/text/pages.ts";
import { palette } from "../../src/text/palette.ts";
import { events } from "../events.ts";

const plain = palette(false);
const textOf = (event: QuickstartEvent): string => pageOf(event, plain).join("\n");

describe("a page", () => {
  const { progress, ...told } = events;

  it.each(Object.values(told))("of $event says something, and only what its schema has", (event) => {
    expect(QuickstartEvent.parse(event)).toEqual(event);
    expect(textOf(event)).not.toMatch(/undefined|NaN|\[object|^$/);
  });

  it("of progress is a bar instead", () => {
    expect(QuickstartEvent.parse(progress)).toEqual(progress);
    expect(pageOf(progress, plain)).toEqual([]);
  });

  it("of hosts is a table of what guests can have", () => {
    expect(textOf(events.hosts)).toBe(
      [
        "host    zone  processor            cores  EUCU  memory     disk  internal  external",
        "──────  ────  ──────────────────  ──────  ────  ──────  ───────  ────────  ────────",
        "host-1  az-1  Intel Xeon E5-2650  15 × 4    60  62 GiB  980 GiB  900 Mb/s    1 Gb/s",
        "What guests can have: each host's own reserve is taken off. 1 EUCU is 1/4 of an Intel E5-2650 core.",
      ].join("\n"),
    );
  });

  it("of hosts says which figures are estimates", () => {
    const [host] = events.hosts.hosts;
    if (host === undefined) throw new Error("the example has a host");
    const text = textOf({ ...events.hosts, hosts: [{ ...host, milliEcuEstimated: true }] });
    expect(text).toContain("The EUCU of host-1 are an estimate");
  });

  it("of a server says where it went and why", () => {
    expect(textOf(events.server)).toBe(
      [
        "web-1  c1.e1  → host-1 in az-1 as asked, 10.0.0.2, 10 Mb/s to the public, in 0.4 s",
        "       only host-1 can take it",
        "       not host-2: in az-2",
      ].join("\n"),
    );
  });

  it("of a snapshot says what duplicates saved", () => {
    expect(textOf(events.snapshot)).toBe(
      [
        "web-1 ran on while its disk of 10 GiB became the image before-upgrade, in 0.7 s:",
        "2,560 chunks of 4 MiB, of which 2 new, 14 duplicates, 2,544 all zeros and stored nowhere.",
        "Of the 16 chunks with data 88 % were duplicates and cost nothing; the rest took 32.5 KiB.",
        "The snapshot of an earlier run made room for it.",
      ].join("\n"),
    );
  });

  it("of quotas tells unlimited from none", () => {
    const lines = textOf(events.quotas).split("\n");
    expect(lines.find((line) => line.startsWith("instance storage"))).toMatch(/unlimited +90 GiB +unlimited$/);
    expect(lines.find((line) => line.startsWith("external floating IPs"))).toMatch(/none +0 +none$/);
    expect(lines.find((line) => line.startsWith("compute"))).toMatch(/120 EUCU +23 EUCU +97 EUCU +▰▰▱/);
  });

  it("of what the kernel says marks what does not hold", () => {
    const lines = textOf(events.kernel).split("\n");
    expect(lines.find((line) => line.startsWith("cpu.shares"))).toMatch(/1024 +1024 +✔/);
    expect(lines.find((line) => line.startsWith("cpu.cfs_quota_us"))).toMatch(/25000 +-1 +✘/);
  });

  it("of an image that is there already says that nothing is imported", () => {
    expect(textOf({ ...events.image, found: true })).toBe(
      "Image quickstart is there from an earlier run: 128 MiB, nothing to import.",
    );
  });

  it("of a stop that took too long says who puts things right", () => {
    expect(textOf({ ...events.stopped, inTime: false })).toContain("The next run with /srv/quickstart does it first.");
  });
});
