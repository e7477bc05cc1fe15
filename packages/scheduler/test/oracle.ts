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
    groups.every(({ policy, hostIds }) =>
      policy === "affinity" ? hostIds.length === 0 || hostIds.includes(host.id) : !hostIds.includes(host.id),
    )
  );
}

/** All hosts that fit, the one that would be fullest first. */
export function bestFirst(request: PlacementRequest, hosts: readonly HostView[]): string[] {
  const needs: Readonly<Record<string, number>> = { ...request.resources };
  const fullness = ({ free, total }: HostView): number => {
    const shares = Object.keys(total).map((name) => {
      const resource = name as keyof typeof total;
      return 1 - (free[resource] - (needs[name] ?? 0)) / total[resource];
    });
    return Math.min(1, Math.max(0, ...shares));
  };
  const tie = ({ id }: HostView): number => tieOf(hashText(request.seed), hashText(id));
  return hosts
    .filter((host) => fits(request, host))
    .toSorted((a, b) => fullness(b) - fullness(a) || tie(a) - tie(b))
    .map(({ id }) => id);
}
