import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { HostView, PlacementRequest } from "@cloudhost/core/ports";
import type { Emit } from "./bench-line.ts";
import { ClaimedFleet } from "./claimed-fleet.ts";
import type { Claim } from "./claimed-fleet.ts";

/** A request of this size; sizes repeat in a cloud, which is what a cache of decisions could live on. */
interface Size {
  readonly vcpus: number;
  readonly ecuPerVcpu: number;
  readonly memoryMib: number;
}

/**
 * Decisions by the whole default chain, each followed by its claim and by the release of an older one, as the fleet sees
 * them: of one class of requests, of several in turn, and of classes never seen before. Then the explanation of a
 * refusal, and what a host takes of memory with and without classes.
 */
export default async function run(emit: Emit): Promise<void> {
  for (const hosts of [100, 1000, 10_000, 100_000]) {
    const before = heapBytes();
    const views = Array.from({ length: hosts }, (_, index) => hostOf(index));
    const own = heapBytes() - before;
    const fleet = new BusyFleet(views);
    emit(line("bytes_per_host", { hosts, classes: 0 }, (heapBytes() - before - own) / hosts, "bytes"));

    for (const classes of [1, 16]) {
      const place = (index: number): unknown => fleet.place(requestOf(sizeOf(index % classes), `op_${index}`));
      emit(line("decision_cpu_us", { hosts, state: "warm", classes }, cpuUsOf(place, 2000), "us"));
    }
    emit(line("bytes_per_host", { hosts, classes: 16 }, (heapBytes() - before - own) / hosts, "bytes"));
    let fresh = 0;
    const cold = (index: number): unknown => fleet.place(requestOf(sizeOf((fresh += 1) + 100), `op_${index}`));
    emit(line("decision_cpu_us", { hosts, state: "cold" }, cpuUsOf(cold, Math.max(5, 100_000 / hosts)), "us"));

    const big = requestOf({ vcpus: 15, ecuPerVcpu: 4, memoryMib: 65_536 }, "op_0");
    const explain = (): void => fleet.explain(big);
    emit(line("explain_ms", { hosts }, cpuUsOf(explain, 10) / 1000, "ms"));
  }
}

/** Small flavors, each another memory: rules can tell them apart. */
const sizeOf = (number: number): Size => ({ vcpus: 2, ecuPerVcpu: 2, memoryMib: 4096 + number });

/** Claims that are held at once. */
const heldMost = 50;

/** Claims, and gives back the oldest of many claims. */
class BusyFleet extends ClaimedFleet {
  readonly #held: Claim[] = [];

  override place(request: PlacementRequest): Claim {
    const claim = super.place(request);
    if (claim === undefined) throw new Error("a fleet with room refused a small server");
    this.#held.push(claim);
    const oldest = this.#held.length > heldMost ? this.#held.shift() : undefined;
    if (oldest !== undefined) this.release(oldest);
    return claim;
  }
}

const line = (metric: string, params: Parameters<Emit>[0]["params"], value: number, unit: string) => ({
  bench: "scheduler",
  metric,
  params,
  value,
  unit,
});

/** A host of one of two CPU models, in one of three zones, each with another part of it taken. */
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
const requestOf = ({ vcpus, ecuPerVcpu, memoryMib }: Size, seed: string): PlacementRequest => ({
  seed,
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
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
