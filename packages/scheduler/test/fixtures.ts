import type { Fleet, HostView, PlacementRequest, ResourceAmounts, Scheduler } from "@cloudhost/core/ports";

/** A host of two E5-2650, less what it keeps for itself. */
const total: ResourceAmounts = {
  milliEcu: 60_000,
  memoryMib: 64_600,
  diskGib: 687,
  internalKbit: 500_000,
  externalKbit: 250_000,
};

/** A host, empty unless it is said what is free. */
export function hostView(
  name: string,
  fields: Partial<Omit<HostView, "free">> & { readonly free?: Partial<ResourceAmounts> & Record<string, number> } = {},
): HostView {
  return {
    id: `hst_${name}`,
    name,
    zone: "az-1",
    state: "up",
    enabled: true,
    total,
    guestCores: 15,
    milliEcuPerCore: 4000,
    architecture: "x86_64",
    hypervisor: "kvm",
    cpuModel: "E5-2650",
    capabilities: {},
    properties: {},
    ...fields,
    free: { ...(fields.total ?? total), ...fields.free },
  };
}

/** A request for a server of 2 vCPUs × 2 EUCU, unless it is said otherwise. */
export function placementRequest(
  fields: Partial<Omit<PlacementRequest, "resources">> & {
    readonly resources?: Partial<ResourceAmounts> & Record<string, number>;
  } = {},
): PlacementRequest {
  return {
    seed: "op_1",
    serverName: "web-1",
    projectId: "album",
    vcpus: 2,
    milliEcuPerVcpu: 2000,
    zone: undefined,
    requires: {},
    groups: [],
    image: { architecture: undefined, hypervisor: undefined },
    ...fields,
    resources: {
      milliEcu: 4000,
      memoryMib: 4096,
      diskGib: 40,
      internalKbit: 8000,
      externalKbit: 0,
      ...fields.resources,
    },
  };
}

/** A fleet of these hosts. */
export function fleetOf(scheduler: Scheduler, hosts: readonly HostView[]): Fleet {
  const fleet = scheduler.openFleet();
  fleet.apply(
    hosts.map((host) => ({ kind: "host", host })),
    1,
  );
  return fleet;
}

/** The ids that a decision offers; none for a refusal. */
export function candidatesOf(fleet: Fleet, request: PlacementRequest): readonly string[] {
  const decision = fleet.decide(request);
  return "candidates" in decision ? decision.candidates : [];
}
