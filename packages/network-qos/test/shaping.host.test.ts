import { networkOf, sampleBinding } from "@cloudhost/conformance";
import type { Bandwidth, HostBinding } from "@cloudhost/core/ports";
import { setTimeout as sleepFor } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { errorPercent, measureKbit } from "./host/class-bytes.ts";
import { describeOnHost } from "./host/describe-on-host.ts";
import { openTestHosts } from "./host/test-host.ts";
import type { LinuxNetwork } from "../src/index.ts";
import type { Guest } from "./host/guest.ts";
import type { TestHosts } from "./host/test-host.ts";

/**
 * What the four servers of host one bought: together all that it has. So little that a queue holds more than the
 * senders' pauses on a busy machine.
 */
const rates = [2000, 3000, 5000, 10_000];
const capacityKbit = 20_000;
const servers = rates.map((rateKbit, index) =>
  sampleBinding(index + 1, { internal: { rateKbit, ceilKbit: capacityKbit } }),
);
const sink = sampleBinding(9, { internal: { rateKbit: 1_000_000, ceilKbit: 1_000_000 } });
const measuredMs = 3000;
const settledMs = 800;

/** A machine that is busy otherwise can keep the senders from sending enough. */
const retried = { retry: 2 };

describeOnHost("bandwidth", () => {
  let hosts: TestHosts;
  let driver: LinuxNetwork;
  let guests: readonly Guest[];
  let sinkGuest: Guest;
  let revision = 0;

  const classOf = (binding: HostBinding, direction: "out" | "in"): string =>
    `${direction === "out" ? 1 : 2}:${binding.classId.toString(16)}`;
  const elsewhere = (binding: HostBinding, via: string) => ({ address: binding.address, tenant: 1, via });
  const sell = async (internal: Bandwidth): Promise<void> => {
    const [first, ...others] = servers;
    revision += 1;
    await driver.apply({
      revision,
      baseRevision: 0,
      changes: undefined,
      desired: networkOf([{ ...first!, internal }, ...others], [elsewhere(sink, hosts.two.address)]),
    });
  };

  beforeAll(async () => {
    hosts = await openTestHosts();
    driver = hosts.one.driver({ internalKbit: capacityKbit });
    await sell(servers[0]!.internal);
    const other = hosts.two.driver();
    const desired = networkOf(
      [sink],
      servers.map((server) => elsewhere(server, hosts.one.address)),
    );
    await other.apply({ revision: 1, baseRevision: 0, changes: undefined, desired });
    sinkGuest = await hosts.two.guest(sink);
    guests = await Promise.all(servers.map((server) => hosts.one.guest(server)));
  });

  afterAll(() => hosts[Symbol.asyncDispose]());

  const pour = (from: Guest, to: Guest, ms: number): Promise<unknown> =>
    from.ask({ do: "pour", host: to.binding.address, port: 5001, ms });

  it("gives each server its rate while all want more", retried, async () => {
    const poured = guests.map((guest) => pour(guest, sinkGuest, settledMs + measuredMs + 300));
    await sleepFor(settledMs);
    const ids = servers.map((server) => classOf(server, "out"));
    const measured = await measureKbit(hosts.one, "ch-int-out", ids, measuredMs);
    await Promise.all(poured);
    const errors = measured.map((kbit, index) => errorPercent(kbit, rates[index]!));
    expect(Math.max(...errors), `${measured.map(Math.round).join(", ")} kbit/s`).toBeLessThan(5);
  });

  it("lends what others leave, up to the ceil, and follows a change at once", retried, async () => {
    await sell({ rateKbit: 2000, ceilKbit: 16_000 });
    const poured = pour(guests[0]!, sinkGuest, 2 * (settledMs + measuredMs) + 500);
    await sleepFor(settledMs);
    const [lent] = await measureKbit(hosts.one, "ch-int-out", [classOf(servers[0]!, "out")], measuredMs);
    expect(errorPercent(lent!, 16_000), `${Math.round(lent!)} kbit/s`).toBeLessThan(5);
    await sell({ rateKbit: 2000, ceilKbit: 8000 });
    await sleepFor(settledMs);
    const [less] = await measureKbit(hosts.one, "ch-int-out", [classOf(servers[0]!, "out")], measuredMs);
    expect(errorPercent(less!, 8000), `${Math.round(less!)} kbit/s`).toBeLessThan(5);
    await poured;
  });

  it("holds what a server gets as well", retried, async () => {
    await sell({ rateKbit: 2000, ceilKbit: 12_000 });
    const poured = pour(sinkGuest, guests[0]!, settledMs + measuredMs + 300);
    await sleepFor(settledMs);
    const [got] = await measureKbit(hosts.one, "ch-int-in", [classOf(servers[0]!, "in")], measuredMs);
    await poured;
    expect(errorPercent(got!, 12_000), `${Math.round(got!)} kbit/s`).toBeLessThan(5);
  });
});
