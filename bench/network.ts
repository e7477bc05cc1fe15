import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleepFor } from "node:timers/promises";
import { promisify } from "node:util";
import {
  applyNetworkChanges,
  emptyHostNetwork,
  HostReserve,
  macAddress,
  silentLogger,
  systemClock,
  tapName,
  uuidv7Ids,
} from "@cloudhost/core/ports";
import type { Bandwidth, HostBinding, HostNetwork, Logger, NetworkChange } from "@cloudhost/core/ports";
import { LinuxNetworkOptions, openLinuxNetwork } from "@cloudhost/network-qos";
import type { LinuxNetwork } from "@cloudhost/network-qos";
import type { Emit } from "./bench-line.ts";

const runFile = promisify(execFile);
const ids = uuidv7Ids(systemClock());
const renderer = "iptables";

/**
 * A host's network in a namespace of its own: how long 1,000 servers take to load, to read again and to change one of,
 * and how well eight servers that all want more are held to their rates, and one alone to its ceil.
 */
export default async function run(emit: Emit): Promise<void> {
  if (process.getuid?.() !== 0) {
    process.stderr.write("The network bench makes network namespaces: run it as root.\n");
    return;
  }
  await speed(emit, 1000, 250);
  await accuracy(emit);
}

async function speed(emit: Emit, servers: number, external: number): Promise<void> {
  const parts = new Map<string, number>();
  const logger: Logger = {
    ...silentLogger,
    debug: (fields) => {
      const { program, ms } = fields as { readonly program: string; readonly ms: number };
      parts.set(program, (parts.get(program) ?? 0) + ms);
    },
  };
  await using host = await openHost({}, logger);
  const ms = (metric: string, value: number, more: Record<string, string | number> = {}): void =>
    emit({ bench: "network", metric, params: { servers, external, renderer, ...more }, value, unit: "ms" });

  const bindings = Array.from({ length: servers }, (_, index) =>
    binding(
      index + 1,
      { rateKbit: 5000, ceilKbit: 50_000 },
      index < external ? { rateKbit: 1000, ceilKbit: 5000 } : null,
    ),
  );
  let network = applyNetworkChanges(emptyHostNetwork, bindings.map(wanted));
  ms("load_ms", await timed(() => host.apply(network)));
  for (const [program, value] of parts) ms("load_ms", value, { program });

  const { writes } = host.driver;
  ms("resync_ms", await best(5, () => host.apply(network)));
  if (host.driver.writes !== writes) throw new Error("a second apply wrote something");

  const changes = Array.from({ length: 10 }, (_, index) => {
    const added = binding(servers + index + 1, { rateKbit: 5000, ceilKbit: 50_000 }, null);
    return [wanted(added), { kind: "noBinding", nicId: added.id }] as const;
  });
  const changed = (change: NetworkChange): Promise<void> => {
    network = applyNetworkChanges(network, [change]);
    return host.apply(network, [change]);
  };
  const times = { added: [] as number[], removed: [] as number[] };
  for (const [add, remove] of changes) {
    times.added.push(await timed(() => changed(add)));
    times.removed.push(await timed(() => changed(remove)));
  }
  ms("change_ms", median(times.added), { change: "added" });
  ms("change_ms", median(times.removed), { change: "removed" });
}

async function accuracy(emit: Emit): Promise<void> {
  const ratesKbit = [2000, 4000, 6000, 8000, 10_000, 12_000, 16_000, 22_000];
  const sumKbit = ratesKbit.reduce((sum, kbit) => sum + kbit);
  await using host = await openHost({ internalKbit: sumKbit });
  const servers = ratesKbit.map((rateKbit, index) => binding(index + 1, { rateKbit, ceilKbit: sumKbit }));
  await host.apply(applyNetworkChanges(emptyHostNetwork, servers.map(wanted)));
  const congested = await host.measureKbit(servers);
  const errors = congested.map((kbit, index) => errorPct(kbit, ratesKbit[index] ?? 0));
  const percent = (metric: string, value: number, params: Record<string, number>): void =>
    emit({ bench: "network", metric, params: { ...params, renderer: "tc" }, value, unit: "%" });
  percent("rate_error_pct", Math.max(...errors), { guests: servers.length });

  for (const ceilKbit of [5000, 20_000, 60_000]) {
    const alone = binding(1, { rateKbit: 1000, ceilKbit });
    await host.apply(applyNetworkChanges(emptyHostNetwork, [wanted(alone)]));
    const [kbit = 0] = await host.measureKbit([alone]);
    percent("ceil_error_pct", errorPct(kbit, ceilKbit), { ceilKbit });
  }
}

interface BenchHost extends AsyncDisposable {
  readonly driver: LinuxNetwork;
  /** The whole, or what changed since the last. */
  apply(desired: HostNetwork, changes?: readonly NetworkChange[]): Promise<void>;
  /** What servers' classes let out while each sends more than it may. */
  measureKbit(servers: readonly HostBinding[]): Promise<readonly number[]>;
}

/** A host of 10 Gbit/s inside, or as the options say, in a namespace that goes with it. */
async function openHost(differing: Partial<LinuxNetworkOptions>, logger = silentLogger): Promise<BenchHost> {
  const netns = `chbench-${process.pid}`;
  ip("netns", "add", netns);
  ip("-n", netns, "link", "add", "eth0", "type", "veth", "peer", "name", "eth1");
  const speeds = { internalKbit: 10_000_000, externalKbit: 1_000_000 };
  const options = LinuxNetworkOptions.parse({ internal: "eth0", external: "eth1", netns, ...speeds, ...differing });
  const reserve = HostReserve.parse({ internalKbit: 0 });
  const driver = await openLinuxNetwork(options, { host: "bench", reserve, clock: systemClock(), logger });
  let revision = 0;
  return {
    driver,
    apply: (desired, changes) => {
      revision += 1;
      return driver.apply({ revision, baseRevision: revision - 1, desired, changes });
    },
    measureKbit: async (servers) => {
      const taps = servers.map((server) =>
        [server.tap, framesPerMs(server, servers.length), frameOf(server)].join(","),
      );
      const blaster = ["perl", join(import.meta.dirname, "tap-blaster.pl"), "5000", ...taps];
      const sending = runFile("ip", ["netns", "exec", netns, ...blaster]);
      await sleepFor(1500);
      const before = await sentBytes(netns);
      const start = performance.now();
      await sleepFor(3000);
      const after = await sentBytes(netns);
      const ms = performance.now() - start;
      await sending;
      return servers.map(({ classId }) => (((after.get(classId) ?? 0) - (before.get(classId) ?? 0)) * 8) / ms);
    },
    async [Symbol.asyncDispose]() {
      await driver[Symbol.asyncDispose]();
      ip("netns", "del", netns);
    },
  };
}

/** Bytes that each class let out, by class id. */
async function sentBytes(netns: string): Promise<ReadonlyMap<number, number>> {
  const { stdout } = await runFile("ip", ["netns", "exec", netns, "tc", "-s", "class", "show", "dev", "ch-int-out"]);
  const found = stdout.matchAll(/^class htb 1:(\S+) .*\n Sent (\d+) bytes/gm);
  return new Map(Array.from(found, ([, id = "", bytes]) => [Number.parseInt(id, 16), Number(bytes)]));
}

function binding(index: number, internal: Bandwidth, external: Bandwidth | null = null): HostBinding {
  const id = ids.next("nic");
  return {
    id,
    serverId: ids.next("srv"),
    tap: tapName(id),
    mac: macAddress(id),
    address: `10.0.${index >> 8}.${index & 0xff}`,
    prefixLength: 16,
    gateway: "10.0.255.1",
    tenant: 1 + (index % 300),
    classId: 0x10 + index,
    internal,
    external,
  };
}

const wanted = (made: HostBinding): NetworkChange => ({ kind: "binding", binding: made });

const frameBytes = 1514;

/** Twice what it gets: its rate among others, its ceil alone. */
const framesPerMs = ({ internal }: HostBinding, servers: number): number =>
  (2 * (servers === 1 ? internal.ceilKbit : internal.rateKbit)) / (frameBytes * 8);

const ip = (...args: readonly string[]): void => void execFileSync("ip", args);

const hexOf = (numbers: readonly number[]): string => Buffer.from(numbers).toString("hex");

/** A full frame of UDP from a server to an address that nobody has, in hex. */
function frameOf({ mac, address }: HostBinding): string {
  const octets = (text: string): string => hexOf(text.split(".").map(Number));
  const header = `450005dc0000000040110000${octets(address)}${octets("10.0.254.254")}`;
  const frame = `026368000001${mac.replaceAll(":", "")}0800${header}${hexOf([0x27, 0x0f, 0, 9])}05c80000`;
  return frame.padEnd(frameBytes * 2, "0");
}

const errorPct = (measured: number, asked: number): number => (Math.abs(measured - asked) / asked) * 100;

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function best(times: number, work: () => Promise<void>): Promise<number> {
  let least = Infinity;
  for (let time = 0; time < times; time += 1) least = Math.min(least, await timed(work));
  return least;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
