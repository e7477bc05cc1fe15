import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CloudHostError, cpuBudget } from "@cloudhost/core";
import type { Bandwidth, CpuBudget, HostInventory, Server } from "@cloudhost/core";
import type { EventOf } from "../events.ts";
import { bandwidth } from "../text/amounts.ts";
import type { Tour } from "../tour.ts";
import { cpuSetOf } from "./cores.ts";
import type { Core } from "./cores.ts";
import { readClass, readCommandLine, readCpu, readThreads } from "./kernel-view.ts";
import type { ClassView, CpuView, ThreadView } from "./kernel-view.ts";

type Check = EventOf<"kernel">["checks"][number];

const httpTimeoutMs = 10_000;

/** What the checks go by. */
export interface HostFacts {
  readonly inventory: HostInventory;
  readonly cores: readonly Core[];
  /** How many of them the host keeps for itself. */
  readonly reservedCores: number;
  /** Where libvirt keeps the process numbers of its guests. */
  readonly pidFolder: string;
  /** What is in a file of the guests' disk, which they serve. */
  readonly greeting: string;
}

/**
 * Reads what the kernel holds guests to, and shows it beside what they bought.
 * @throws CloudHostError `INTERNAL` when they differ
 */
export async function readBack({ say, stop }: Tour, servers: readonly Server[], host: HostFacts): Promise<void> {
  const wrong: string[] = [];
  for (const server of servers) {
    const seen = await stop.until(seenOf(server, host));
    say({ event: "kernel", server: server.name, ...seen });
    wrong.push(...seen.checks.filter(({ holds }) => !holds).map(({ what }) => `${server.name}: ${what}`));
  }
  if (wrong.length === 0) return;
  throw new CloudHostError("INTERNAL", `The kernel does not hold what was bought: ${wrong.join(", ")}.`, {});
}

async function seenOf(server: Server, host: HostFacts): Promise<Pick<EventOf<"kernel">, "pid" | "group" | "checks">> {
  const { inventory, cores, reservedCores, pidFolder, greeting } = host;
  const pid = Number((await readFile(join(pidFolder, `${server.id}.pid`), "utf8")).trim());
  const guests = cpuSetOf(cores.slice(reservedCores));
  const own = reservedCores === 0 ? guests : cpuSetOf(cores.slice(0, reservedCores));
  const cpu = await readCpu(pid);
  const checks = [
    ...cpuChecks(cpuBudget(server, inventory), cpu),
    ...pinningChecks({ guests, own }, await readThreads(pid), pid),
    ...(await trafficChecks(server)),
    ...addressChecks(server, await readCommandLine(pid), pid),
    await greetingCheck(server, greeting),
  ];
  return { pid, group: cpu.group, checks };
}

/** On cgroup v2 the range of shares is scaled onto that of weights. */
const weightOf = (shares: number): number => Math.max(1, Math.min(10_000, Math.round((shares * 10_000) / 262_144)));

/** The budget, by the formula, and what the kernel has. */
export function cpuChecks({ shares, periodUs, quotaUsPerVcpu }: CpuBudget, found: CpuView): Check[] {
  const { version, group } = found;
  const expectedShares = version === "v1" ? shares : weightOf(shares);
  return [
    equal(version === "v1" ? "cpu.shares" : "cpu.weight", expectedShares, found.shares, group),
    equal("period, µs", periodUs, found.periodUs, `${group}/vcpu0`),
    equal("quota of each vCPU, µs", quotaUsPerVcpu, found.quotaUs, `${group}/vcpu0`),
  ];
}

/** vCPUs run on the guests' cores, QEMU's own threads on the host's. */
export const pinningChecks = (
  expected: { readonly guests: string; readonly own: string },
  { vcpus, emulator }: ThreadView,
  pid: number,
): Check[] => [
  ...vcpus.map((found, index) => equal(`vCPU ${index} runs on CPUs`, expected.guests, found, `/proc/${pid}/task`)),
  equal("QEMU itself runs on CPUs", expected.own, emulator, `/proc/${pid}`),
];

/** The devices through which a network's traffic goes, each direction through its own. */
const trees = { internal: ["ch-int-out", "ch-int-in"], external: ["ch-ext-out", "ch-ext-in"] } as const;

async function trafficChecks({ addresses, internal, external }: Server): Promise<Check[]> {
  const mac = addresses[0]?.mac ?? "";
  const checks: Check[] = [];
  for (const [network, bought] of Object.entries({ internal, external })) {
    if (bought === null) continue;
    const [out, back] = trees[network as keyof typeof trees];
    checks.push(trafficCheck(`${network}, sends`, bought, out, await readClass(out, mac)));
    checks.push(trafficCheck(`${network}, receives`, bought, back, await readClass(back, mac)));
  }
  return checks;
}

/** The rate that is guaranteed and the ceil up to which it may borrow. */
export function trafficCheck(what: string, bought: Bandwidth, device: string, found: ClassView | undefined): Check {
  return {
    what,
    from: found === undefined ? `tc, ${device}` : `tc, ${device} class ${found.id}`,
    expected: rateText(bought),
    found: found === undefined ? "no class" : rateText(found),
    holds: found !== undefined && near(found.rateKbit, bought.rateKbit) && near(found.ceilKbit, bought.ceilKbit),
  };
}

const rateText = ({ rateKbit, ceilKbit }: Bandwidth): string =>
  `${bandwidth(rateKbit)}, at most ${bandwidth(ceilKbit)}`;

/** The kernel rounds rates to its clock. */
const near = (found: number, bought: number): boolean => Math.abs(found - bought) <= bought / 1000;

/** A guest that is started directly finds its address on its kernel's command line. */
export function addressChecks(
  { addresses }: Pick<Server, "addresses">,
  words: readonly string[],
  pid: number,
): Check[] {
  const found = /cloudhost\.address=([\d.]+)/.exec(words.join(" "))?.[1] ?? "none";
  return addresses.map(({ address }) => equal("address told to its kernel", address, found, `/proc/${pid}/cmdline`));
}

/** Reads a file of its disk from its web server: it is up, and at its address. */
async function greetingCheck({ addresses }: Pick<Server, "addresses">, greeting: string): Promise<Check> {
  const url = `http://${addresses[0]?.address}/etc/greeting`;
  const found = await fetch(url, { signal: AbortSignal.timeout(httpTimeoutMs) }).then(
    async (answer) => (await answer.text()).trim(),
    (error: unknown) => String(error),
  );
  return equal("its web server says", greeting, found, url);
}

const equal = (what: string, expected: string | number, found: string | number, from: string): Check => ({
  what,
  from,
  expected: String(expected),
  found: String(found),
  holds: expected === found,
});
