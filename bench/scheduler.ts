import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Fleet, HostView, PlacementRequest } from "@cloudhost/core/ports";
import { filterScheduler } from "@cloudhost/scheduler";
import type { Emit } from "./bench-line.ts";

/** A request of this size; sizes repeat in a cloud, which is what a cache of decisions could live on. */
interface Size {
  readonly vcpus: number;
  readonly ecuPerVcpu: number;
  readonly memoryMib: number;
}

/** Decisions by the whole default chain, the explanation of a refusal, and what a host takes of memory. */
export default async function run(emit: Emit): Promise<void> {
  for (const hosts of [100, 1000, 10_000, 100_000]) {
    const before = heapBytes();
    const fleet = fleetOf(hosts);
    emit(line("bytes_per_host", { hosts }, (heapBytes() - before) / hosts, "bytes"));

    const decisions = Math.max(5, Math.round(200_000 / hosts));
    const warm = requestOf({ vcpus: 2, ecuPerVcpu: 2, memoryMib: 4096 });
    for (const [state, size] of [
      ["warm", () => warm],
      ["cold", (index: number) => requestOf({ vcpus: 2, ecuPerVcpu: 2, memoryMib: 4096 + index + 1 })],
    ] as const) {
      const decide = (index: number): void => {
        const decision = fleet.decide({ ...size(index), seed: `op_${index}` });
        if ("refusal" in decision) throw new Error("a fleet with room refused a small server");
      };
      emit(line("decision_cpu_us", { hosts, state }, cpuUsOf(decide, decisions), "us"));
    }
    const big = requestOf({ vcpus: 15, ecuPerVcpu: 4, memoryMib: 65_536 });
    const explain = (): void => void fleet.explain(big);
    emit(line("explain_ms", { hosts }, cpuUsOf(explain, Math.min(decisions, 20)) / 1000, "ms"));
  }
}

const line = (metric: string, params: Parameters<Emit>[0]["params"], value: number, unit: string) => ({
  bench: "scheduler",
  metric,
  params,
  value,
  unit,
});

/** Hosts of two CPU models in three zones, each with another part of it taken. */
function fleetOf(hosts: number): Fleet {
  const fleet = filterScheduler().openFleet();
  const changes = Array.from({ length: hosts }, (_, index) => ({ kind: "host" as const, host: hostOf(index) }));
  fleet.apply(changes, 1);
  return fleet;
}

function hostOf(index: number): HostView {
  const intel = index % 3 !== 0;
  const guestCores = intel ? 15 : 30;
  const milliEcuPerCore = intel ? 4000 : 3000;
  const total = {
    milliEcu: guestCores * milliEcuPerCore,
    memoryMib: 64_600,
    diskGib: 687,
    internalKbit: 500_000,
    externalKbit: 250_000,
  };
  const taken = ((index * 7919) % 100) / 100;
  return {
    id: `hst_${String(index).padStart(26, "0")}`,
    name: `host-${index}`,
    zone: `az-${(index % 3) + 1}`,
    state: index % 50 === 0 ? "down" : "up",
    enabled: index % 70 !== 0,
    total,
    free: {
      milliEcu: Math.floor((total.milliEcu * (1 - taken)) / 1000) * 1000,
      memoryMib: Math.floor(total.memoryMib * (1 - taken)),
      diskGib: Math.floor(total.diskGib * (1 - taken)),
      internalKbit: Math.floor(total.internalKbit * (1 - taken)),
      externalKbit: Math.floor(total.externalKbit * (1 - taken)),
    },
    guestCores,
    milliEcuPerCore,
    architecture: "x86_64",
    hypervisor: "kvm",
    cpuModel: intel ? "E5-2650" : "Opteron 6276",
    capabilities: { cpuQuota: true, guestReady: true },
    properties: {},
  };
}

/** In one zone and in a group whose other ten servers are spread over the fleet. */
const requestOf = ({ vcpus, ecuPerVcpu, memoryMib }: Size): PlacementRequest => ({
  seed: "op_0",
  serverName: "web-1",
  projectId: "album",
  vcpus,
  milliEcuPerVcpu: ecuPerVcpu * 1000,
  resources: {
    milliEcu: vcpus * ecuPerVcpu * 1000,
    memoryMib,
    diskGib: 40,
    internalKbit: 8000 * vcpus * ecuPerVcpu,
    externalKbit: 10_000,
  },
  zone: "az-1",
  requires: {},
  groups: [
    {
      name: "web",
      policy: "anti-affinity",
      hostIds: Array.from({ length: 10 }, (_, member) => `hst_${String(member * 9).padStart(26, "0")}`),
    },
  ],
  image: { architecture: "x86_64", hypervisor: undefined },
});

/** CPU time of one call in microseconds: the median of five rounds, after one to warm up. */
function cpuUsOf(call: (index: number) => void, calls: number): number {
  const rounds = Array.from({ length: 6 }, () => {
    const before = process.cpuUsage();
    for (let index = 0; index < calls; index += 1) call(index);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / calls;
  });
  return rounds.slice(1).toSorted((a, b) => a - b)[2] ?? 0;
}

function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}
