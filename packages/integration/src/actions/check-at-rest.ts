import { checkHosts } from "../checker/check-hosts.ts";
import { checkStore } from "../checker/check-store.ts";
import { openStore } from "../checker/store.ts";
import type { ActionFleet } from "./fleet.ts";
import { usageOf } from "./model.ts";
import type { ModelServer } from "./model.ts";
import { projectNames } from "./plan.ts";

/** What differs between the cloud, its hosts and the model while no operation is under way. */
export async function checkAtRest(fleet: ActionFleet, servers: readonly ModelServer[]): Promise<readonly string[]> {
  await using store = await openStore(fleet.places.database);
  const facts = await store.read();
  const findings = [...checkStore(facts), ...(await checkHosts(facts, fleet.places))];
  const drifts = await fleet.ops.hosts.auditUsage();
  return [
    ...findings.map(({ kind, what }) => `${kind}: ${what}`),
    ...drifts.map((drift) => `audit: ${JSON.stringify(drift)}`),
    ...(await serverDifferences(fleet, servers)),
    ...(await usageDifferences(fleet, servers)),
  ];
}

async function serverDifferences({ ops }: ActionFleet, servers: readonly ModelServer[]): Promise<readonly string[]> {
  const found = new Map<string, string>();
  const addresses: string[] = [];
  for await (const { id, state, busy, locked, addresses: its } of ops.servers.list({ limit: 1000 })) {
    found.set(id, `${state}${busy ? " and busy" : ""}${locked ? " and locked" : ""}`);
    addresses.push(...its.map(({ address }) => address));
  }
  const differences = servers.flatMap(({ id, slot, state, locked }) => {
    const [is, wanted] = [found.get(id), `${state}${locked === null ? "" : " and locked"}`];
    found.delete(id);
    return is === wanted ? [] : [`server ${slot}, ${id}, is ${is}; the model has it ${wanted}`];
  });
  return [
    ...differences,
    ...[...found].map(([id, state]) => `server ${id} is ${state}; the model has none`),
    ...(new Set(addresses).size === addresses.length ? [] : ["an address is given twice"]),
  ];
}

async function usageDifferences(fleet: ActionFleet, servers: readonly ModelServer[]): Promise<readonly string[]> {
  const { hosts, projects } = usageOf(servers);
  const differences: string[] = [];
  const compare = (of: string, what: string, is: number | undefined, wanted: number): void => {
    if (is !== wanted) differences.push(`${of} uses ${is} ${what}; the model says ${wanted}`);
  };
  for await (const { name, resources } of fleet.ops.hosts.list()) {
    for (const [what, { used, total, available }] of Object.entries(resources)) {
      const wanted = (hosts.get(name) as Readonly<Record<string, number>> | undefined)?.[what] ?? 0;
      compare(name, what, used, wanted);
      compare(name, `of ${what}, with what is available,`, used + available, total);
    }
  }
  for (const project of projectNames) {
    const quotas = await fleet.as(project === "mail" ? "max" : "amy", 0).quotas.get();
    const wanted = projects.get(project) as unknown as Readonly<Record<string, number>>;
    for (const { quota, used } of quotas) compare(project, quota, used, wanted[quota] ?? 0);
  }
  return differences;
}
