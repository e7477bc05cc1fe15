import { ClaimedFleet } from "./claimed-fleet.ts";

/**
 * Drives the scheduler from outside, as another scheduler is driven beside it. Amounts are
 * `{ milliEcu, memoryMib, diskGib, internalKbit, externalKbit }`. Run `npm run build` first.
 *
 * @param {readonly { id: string, zone: string, guestCores: number, milliEcuPerCore: number, total: object, free: object }[]} hosts
 * @returns {{
 *   place(request: { id: string, projectId?: string, zone?: string, vcpus: number, need: object }): { host: string, handle: object } | null,
 *   release(handle: object): void,
 * }} `place` claims what it decides, and gives `null` where no host can take it; `release` gives a claim back, once
 */
export function create(hosts) {
  const fleet = new ClaimedFleet(hosts.map(viewOf));
  return {
    place(request) {
      const claim = fleet.place(requestOf(request));
      return claim === undefined ? null : { host: claim.hostId, handle: claim };
    },
    release(handle) {
      fleet.release(handle);
    },
  };
}

const viewOf = ({ id, zone, guestCores, milliEcuPerCore, total, free }) => ({
  id,
  name: id,
  zone,
  state: "up",
  enabled: true,
  total,
  free,
  guestCores,
  milliEcuPerCore,
  architecture: "x86_64",
  hypervisor: "kvm",
  cpuModel: "",
  capabilities: {},
  properties: {},
});

const requestOf = ({ id, projectId = "", zone, vcpus, need }) => ({
  seed: id,
  serverName: id,
  projectId,
  resources: need,
  vcpus,
  milliEcuPerVcpu: Math.ceil(need.milliEcu / vcpus),
  zone,
  requires: {},
  groups: [],
  image: { architecture: undefined, hypervisor: undefined },
});
