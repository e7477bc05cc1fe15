import { setTimeout as sleepFor } from "node:timers/promises";
import { record } from "./ledger.ts";
import type { TestHost } from "./test-host.ts";

/** What each class of a device let through, by class (`1:11`). */
async function classCounts(
  host: TestHost,
  device: string,
  what: "bytes" | "packets",
): Promise<ReadonlyMap<string, number>> {
  const shown = await host.sh("tc", "-s", "class", "show", "dev", device);
  const found = shown.matchAll(/^class htb (\S+) .*\n Sent (\d+) bytes (\d+) pkt/gm);
  return new Map(Array.from(found, ([, id = "", bytes, packets]) => [id, Number(what === "bytes" ? bytes : packets)]));
}

/** Packets that servers sent, by class of both networks. */
export async function classPackets(host: TestHost): Promise<ReadonlyMap<string, number>> {
  const counts = await Promise.all(["ch-int-out", "ch-ext-out"].map((device) => classCounts(host, device, "packets")));
  return new Map(counts.flatMap((each) => [...each]));
}

/**
 * What classes carry in kbit/s while it measures.
 * @param ids classes, as `1:11`
 */
export async function measureKbit(
  host: TestHost,
  device: string,
  ids: readonly string[],
  ms: number,
): Promise<readonly number[]> {
  const before = await classCounts(host, device, "bytes");
  const start = performance.now();
  await sleepFor(ms);
  const after = await classCounts(host, device, "bytes");
  const passedMs = performance.now() - start;
  return ids.map((id) => {
    const bytes = (after.get(id) ?? 0) - (before.get(id) ?? 0);
    record({ kind: "htbBytes", class: id, bytes });
    return (bytes * 8) / passedMs;
  });
}

/** How far a measured rate is from the wanted one, in percent of it. */
export const errorPercent = (measured: number, wanted: number): number => (Math.abs(measured - wanted) / wanted) * 100;
