import { HostReserve, silentLogger, systemClock } from "@cloudhost/core/ports";
import type { HostBinding } from "@cloudhost/core/ports";
import { LinuxNetworkDriver } from "../../src/driver.ts";
import type { LinuxNetwork } from "../../src/driver.ts";
import { openLinuxNetwork, runnerFor } from "../../src/open.ts";
import { LinuxNetworkOptions } from "../../src/options.ts";
import { spawnRunner } from "../../src/run/spawn-runner.ts";
import { startGuest } from "./guest.ts";
import { makeNamespace, sh } from "./namespaces.ts";
import type { Guest } from "./guest.ts";

/** A host in a namespace of its own. */
export interface TestHost {
  readonly namespace: string;
  /** Its address on the internal network. */
  readonly address: string;
  readonly options: LinuxNetworkOptions;
  /** Opens a driver on it as an agent does, kernel tried out; it goes with the hosts. */
  open(): Promise<LinuxNetwork>;
  /** Another driver on it, of a kernel that is known to be able. */
  driver(differing?: Partial<LinuxNetworkOptions>): LinuxNetwork;
  /** Boots a guest on the tap of a binding that was applied; it goes with the hosts. */
  guest(binding: HostBinding): Promise<Guest>;
  /** Lets something go with the hosts. */
  use<T extends AsyncDisposable>(resource: T): T;
  /** Runs a program in it. */
  sh(...argv: readonly [string, ...string[]]): Promise<string>;
  /** Everything of the network that can be listed: links, addresses, routes, qdiscs, sets, chains and rules. */
  listing(): Promise<readonly string[]>;
  /** The same with all classes and filters, and without what the kernel makes up: equal for equal networks. */
  picture(): Promise<readonly string[]>;
}

/** Two hosts whose uplinks (`eth0` inside, `eth1` outside) are wired to each other's. */
export interface TestHosts extends AsyncDisposable {
  readonly one: TestHost;
  readonly two: TestHost;
}

/** Opens two hosts of 10 Gbit/s inside and 1 Gbit/s outside, without a reserve. */
export async function openTestHosts(): Promise<TestHosts> {
  await using opening = new AsyncDisposableStack();
  const [one, two] = [opening.use(await makeNamespace("h")), opening.use(await makeNamespace("h"))];
  for (const [link, network] of [
    ["eth0", "172.20.0"],
    ["eth1", "198.51.100"],
  ] as const) {
    await sh(["ip", "-n", one.name, "link", "add", link, "type", "veth", "peer", "name", link, "netns", two.name]);
    for (const [index, { name }] of [one, two].entries()) {
      await sh(["ip", "-n", name, "address", "add", `${network}.${index + 1}/24`, "dev", link]);
      await sh(["ip", "-n", name, "link", "set", link, "up"]);
    }
  }
  const all = opening.move();
  return {
    one: hostIn(one.name, "172.20.0.1", all),
    two: hostIn(two.name, "172.20.0.2", all),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

const noReserve = HostReserve.parse({ internalKbit: 0, externalKbit: 0 });

function hostIn(namespace: string, address: string, stack: AsyncDisposableStack): TestHost {
  const options = LinuxNetworkOptions.parse({
    internal: "eth0",
    external: "eth1",
    internalKbit: 10_000_000,
    externalKbit: 1_000_000,
    netns: namespace,
  });
  const context = { host: namespace, clock: systemClock(), logger: silentLogger };
  const run: TestHost["sh"] = (...argv) => sh(["ip", "netns", "exec", namespace, ...argv]);
  const listing = (): Promise<readonly string[]> =>
    Promise.all([
      run("ip", "-br", "link", "show"),
      run("ip", "-br", "-4", "address", "show"),
      run("ip", "-4", "route", "show", "table", "all"),
      run("tc", "qdisc", "show"),
      run("ipset", "save"),
      run("iptables-save"),
    ]).then(linesOf);
  return {
    namespace,
    address,
    options,
    open: async () => stack.use(await openLinuxNetwork(options, { ...context, reserve: noReserve })),
    driver: (differing = {}) => {
      const { internalKbit = 0, externalKbit = 0, ...rest } = { ...options, ...differing };
      const facts = { options: rest, capacity: { internalKbit, externalKbit }, fairQueues: false };
      return stack.use(new LinuxNetworkDriver(runnerFor(options, spawnRunner), context, facts));
    },
    use: (resource) => stack.use(resource),
    guest: async (binding) => stack.use(await startGuest(namespace, binding)),
    sh: run,
    listing,
    picture: async () => {
      const listed = await listing();
      const ours = listed.flatMap((line) => /^(ch\S+)/.exec(line)?.[1] ?? []);
      const queries = ours.flatMap((link) => [
        `class show dev ${link}`,
        `filter show dev ${link}`,
        `filter show dev ${link} ingress`,
      ]);
      const shown = await sh(["ip", "netns", "exec", namespace, "tc", "-force", "-batch", "-"], queries.join("\n"));
      return [...listed, ...linesOf([shown])].map((line) => line.replaceAll(madeUp, "")).toSorted();
    },
  };
}

/** Lines of listings. The kernel's own tables and chains appear with their first use and stay: they are not counted. */
const linesOf = (listings: readonly string[]): readonly string[] =>
  listings.flatMap((text) => text.split("\n")).filter((line) => !/^(#|\*|COMMIT|:[A-Z]+ |$)/.test(line));

/** MACs of links, seeds of sets, numbers of actions, and links that are gone. */
const madeUp = /(?<=^ch\S+ .*)[0-9a-f]{2}(:[0-9a-f]{2}){5}|initval \S+|index \d+ ref \d+ bind \d+|@\S+/g;
