import { filterScheduler } from "@cloudhost/scheduler";

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
  const fleet = filterScheduler().openFleet();
  const views = new Map(hosts.map((host) => [host.id, viewOf(host)]));
  let revision = 1;
  fleet.apply(changesOf([...views.values()]), revision);

  const claim = (hostId, need, sign) => {
    const view = views.get(hostId);
    const free = { ...view.free };
    for (const name of Object.keys(need)) free[name] -= sign * need[name];
    const changed = { ...view, free };
    views.set(hostId, changed);
    fleet.apply(changesOf([changed]), (revision += 1));
  };

  return {
    place(request) {
      const decision = fleet.decide(requestOf(request));
      const host = "candidates" in decision ? decision.candidates[0] : undefined;
      if (host === undefined) return null;
      claim(host, request.need, 1);
      return { host, handle: { host, need: request.need } };
    },
    release({ host, need }) {
      claim(host, need, -1);
    },
  };
}

const changesOf = (views) => views.map((host) => ({ kind: "host", host }));

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
