import { collect } from "../answers.ts";
import { projectName } from "../tour.ts";
import type { Tour } from "../tour.ts";

/** What the project may use and uses, as its member sees it. */
export async function showQuotas({ member, say, stop }: Tour): Promise<void> {
  const quotas = await stop.until(member.quotas.get());
  say({ event: "quotas", project: projectName, quotas: [...quotas] });
}

/** What there is, what is claimed and what is left, as operations sees it: of the whole cloud, and of each host. */
export async function showOperationsView({ operator, say, stop }: Tour): Promise<void> {
  const { servers, vcpus, resources } = await stop.until(operator.statistics.now());
  const hosts = await stop.until(collect(operator.hosts.list()));
  say({
    event: "operationsView",
    servers,
    vcpus,
    resources,
    hosts: hosts.map(({ name, zone, resources: own }) => ({ name, zone, resources: own })),
  });
}
