import { emptyHostNetwork, tapName, uuidv7Ids, systemClock } from "@cloudhost/core/ports";
import { networkOf, sampleBinding } from "@cloudhost/conformance";
import type { HostNetwork, NetworkUpdate } from "@cloudhost/core/ports";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { removeLinuxNetwork } from "../src/index.ts";
import { describeOnHost } from "./host/describe-on-host.ts";
import { openTestHosts } from "./host/test-host.ts";
import type { LinuxNetwork } from "../src/index.ts";
import type { TestHost, TestHosts } from "./host/test-host.ts";

const bought = { rateKbit: 1000, ceilKbit: 5000 };
const bindings = [sampleBinding(1), sampleBinding(2, { external: bought }), sampleBinding(3, { tenant: 2 })];
const desired = networkOf(bindings, [{ address: "10.98.9.9", tenant: 1, via: "172.20.0.2" }]);
const whole = (network: HostNetwork): NetworkUpdate => ({
  revision: 1,
  baseRevision: 0,
  changes: undefined,
  desired: network,
});

/** What somebody could do to a host. */
const mishaps: readonly (readonly [string, readonly [string, ...string[]]])[] = [
  ["a rule", ["iptables", "-D", "cloudhost-forward", "3"]],
  ["a rule that others put into our chain", ["iptables", "-I", "cloudhost-forward", "-j", "ACCEPT"]],
  ["the way into our chain", ["iptables", "-F", "FORWARD"]],
  ["a member", ["ipset", "del", "cloudhost-src", "10.98.0.1"]],
  ["a tap's filter", ["tc", "filter", "del", "dev", bindings[0]!.tap, "ingress", "prio", "1"]],
  ["all filters of a tap", ["tc", "qdisc", "del", "dev", bindings[0]!.tap, "clsact"]],
  ["a class", ["tc", "qdisc", "del", "dev", "ch-int-out", "root"]],
  ["a tap", ["ip", "link", "del", "dev", bindings[0]!.tap]],
  ["a tap's isolation", ["ip", "link", "set", "dev", bindings[0]!.tap, "type", "bridge_slave", "isolated", "off"]],
  ["the bridge", ["ip", "link", "del", "dev", "chbr0"]],
  ["a shaper", ["ip", "link", "del", "dev", "ch-ext-in"]],
  ["a route", ["ip", "route", "del", "10.98.9.9"]],
  ["a setting", ["sysctl", "-q", "-w", "net.ipv4.conf.chbr0.proxy_arp=0"]],
];

describeOnHost("a host on which somebody changed", () => {
  let hosts: TestHosts;
  let driver: LinuxNetwork;

  beforeAll(async () => {
    hosts = await openTestHosts();
    driver = hosts.one.driver();
    await driver.apply(whole(desired));
  });
  afterAll(() => hosts[Symbol.asyncDispose]());

  it.for(mishaps)("%s gets back what was there", async ([, change]) => {
    const picture = await hosts.one.picture();
    await hosts.one.sh(...change);
    await driver.apply(whole(desired));
    expect(await hosts.one.picture()).toEqual(picture);
    const { writes } = driver;
    await driver.apply(whole(desired));
    expect(driver.writes).toBe(writes);
  });
});

describeOnHost("a host that others use too", () => {
  let hosts: TestHosts;
  let host: TestHost;

  beforeEach(async () => {
    hosts = await openTestHosts();
    host = hosts.one;
  });
  afterEach(() => hosts[Symbol.asyncDispose]());

  it("is left as it was found when all of ours is removed", async () => {
    await host.sh("ipset", "create", "theirs", "hash:ip");
    await host.sh("iptables", "-N", "theirs");
    await host.sh("iptables", "-A", "FORWARD", "-p", "tcp", "--dport", "25", "-j", "theirs");
    await host.sh("iptables", "-t", "mangle", "-A", "POSTROUTING", "-j", "TOS", "--set-tos", "0x10/0x3f");
    const before = await host.listing();
    const driver = await host.open();
    expect(await host.listing()).toEqual(before);
    await driver.apply(whole(desired));
    expect(await host.listing()).not.toEqual(before);
    await removeLinuxNetwork(host.options);
    expect(await host.listing()).toEqual(before);
    await removeLinuxNetwork(host.options);
    expect(await host.listing()).toEqual(before);
  });

  it("keeps the rules of others, before and after ours", async () => {
    const driver = host.driver();
    await driver.apply(whole(desired));
    await host.sh("iptables", "-I", "FORWARD", "-p", "tcp", "--dport", "25", "-j", "DROP");
    await host.sh("iptables", "-A", "FORWARD", "-p", "tcp", "--dport", "26", "-j", "DROP");
    const picture = await host.picture();
    const { writes } = driver;
    await driver.apply(whole(desired));
    expect(driver.writes).toBe(writes);
    expect(await host.picture()).toEqual(picture);
  });

  it("loses a tap that a crash left half made", async () => {
    const half = tapName(uuidv7Ids(systemClock()).next("nic"));
    await host.sh("ip", "tuntap", "add", "dev", half, "mode", "tap");
    const driver = host.driver();
    await driver.recover();
    await driver.apply(whole(emptyHostNetwork));
    expect(await host.sh("ip", "-br", "link", "show")).not.toContain(half);
  });

  it("lets connections live through an agent's restart", async () => {
    const driver = await host.open();
    await driver.apply(whole(desired));
    const [from, to] = [await host.guest(bindings[0]!), await host.guest(bindings[1]!)];
    const poured = from.ask({ do: "pour", host: to.binding.address, port: 5001, ms: 1500 });
    await driver[Symbol.asyncDispose]();
    const reopened = await host.open();
    await reopened.recover();
    await reopened.apply(whole(desired));
    expect(reopened.writes).toBe(0);
    expect(await poured).toEqual({ ok: true });
  });
});
