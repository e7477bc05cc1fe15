import type { HostView, PlacementRequest } from "@cloudhost/core/ports";
import { hashText, tieOf } from "../src/tie-break.ts";

/** Whether a host can take a request, written as one condition and not as a chain. */
export function fits(request: PlacementRequest, host: HostView): boolean {
  const { resources, groups, image } = request;
  const free: Readonly<Record<string, number>> = { ...host.free };
  return (
    host.state === "up" &&
    host.enabled &&
    (request.zone ?? host.zone) === host.zone &&
    (image.architecture ?? host.architecture) === host.architecture &&
    (image.hypervisor ?? host.hypervisor) === host.hypervisor &&
    request.vcpus <= host.guestCores &&
    request.milliEcuPerVcpu <= host.milliEcuPerCore &&
    Object.entries(resources).every(([name, need]) => need <= (free[name] ?? 0)) &&
    Object.entries(request.requires).every(([name, value]) => {
      if (name === "host.suspend") return (host.capabilities["suspend"] === true) === (value === "true");
      return name === "host.cpuModel" ? host.cpuModel === value : host.properties[name]?.includes(value) === true;
    }) &&
    groups.every(({ policy, hostIds }) => {
      if (policy === "affinity") return hostIds.length === 0 || hostIds.includes(host.id);
      return policy !== "anti-affinity" || !hostIds.includes(host.id);
    })
  );
}

/** How much the request's soft groups prefer a host: between 0 and 1 for all of them together. */
function preference({ groups }: PlacementRequest, { id }: HostView): number {
  const wishes = groups.flatMap(({ policy, hostIds }) => {
    const servers = hostIds.filter((hostId) => hostId === id).length;
    if (policy === "soft-affinity") return [servers / (servers + 1)];
    return policy === "soft-anti-affinity" ? [1 / (servers + 1)] : [];
  });
  return wishes.length === 0 ? 0 : wishes.reduce((sum, wish) => sum + wish, 0) / wishes.length;
}

/** All hosts that fit: those that its groups prefer, and among alike ones the one that would be fullest, first. */
export function bestFirst(request: PlacementRequest, hosts: readonly HostView[]): string[] {
  const needs: Readonly<Record<string, number>> = { ...request.resources };
  const fullness = ({ free, total }: HostView): number => {
    const shares = Object.keys(total).map((name) => {
      const resource = name as keyof typeof total;
      return 1 - (free[resource] - (needs[name] ?? 0)) / total[resource];
    });
    return Math.min(1, Math.max(0, ...shares));
  };
  const goodness = (host: HostView): number => fullness(host) + 10 * preference(request, host);
  const tie = ({ id }: HostView): number => tieOf(hashText(request.seed), hashText(id));
  return hosts
    .filter((host) => fits(request, host))
    .toSorted((a, b) => goodness(b) - goodness(a) || tie(a) - tie(b))
    .map(({ id }) => id);
}
