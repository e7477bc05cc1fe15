import type { HostView, PlacementRequest } from "@cloudhost/core";
import { filterScheduler } from "@cloudhost/scheduler";
import { describe, expect, it } from "vitest";
import { DecisionNotes } from "../../src/placement/decision-notes.ts";

function host(name: string, zone: string, milliEcu: number): HostView {
  const total = { milliEcu, memoryMib: 65_536, diskGib: 1000, internalKbit: 1_000_000, externalKbit: 0 };
  return {
    id: `hst_${name}`,
    name,
    zone,
    state: "up",
    enabled: true,
    free: total,
    total,
    guestCores: 15,
    milliEcuPerCore: 4000,
    architecture: "x86_64",
    hypervisor: "fake",
    cpuModel: "E5-2650",
    capabilities: {},
    properties: {},
  };
}

function request(serverName: string, wants: Partial<PlacementRequest> = {}): PlacementRequest {
  return {
    seed: "s",
    serverName,
    projectId: "prj_1",
    resources: { milliEcu: 6000, memoryMib: 655, diskGib: 10, internalKbit: 1000, externalKbit: 0 },
    vcpus: 2,
    milliEcuPerVcpu: 3000,
    zone: undefined,
    requires: {},
    groups: [],
    image: { architecture: undefined, hypervisor: undefined },
    ...wants,
  };
}

describe("notes of decisions", () => {
  const notes = new DecisionNotes(filterScheduler());
  const fleet = notes.openFleet();
  const hosts = [host("host-1", "az-1", 60_000), host("host-2", "az-1", 100_000), host("host-3", "az-2", 60_000)];
  fleet.apply(
    hosts.map((view) => ({ kind: "host", host: view })),
    1,
  );

  it("leave the decision as it is", () => {
    const alone = filterScheduler().openFleet();
    alone.apply(
      hosts.map((view) => ({ kind: "host", host: view })),
      1,
    );
    expect(fleet.decide(request("web-1"))).toEqual(alone.decide(request("web-1")));
    expect(fleet.revision).toBe(1);
  });

  it("have the hosts that could take it, best first, and why others could not", () => {
    fleet.decide(request("web-2", { zone: "az-1" }));
    expect(notes.of("web-2")).toEqual({
      candidates: [
        { host: "host-1", resource: "milliEcu", percent: expect.closeTo(10, 6) as number },
        { host: "host-2", resource: "milliEcu", percent: expect.closeTo(6, 6) as number },
      ],
      turnedAway: [{ host: "host-3", filter: "AvailabilityZoneFilter", need: "az-1", have: "az-2" }],
    });
  });

  it("are none where nothing was decided", () => {
    fleet.decide(request("web-9", { zone: "az-9" }));
    expect([notes.of("web-9"), notes.of("web-10")]).toEqual([undefined, undefined]);
  });

  it("go by the hosts as they are by then", () => {
    fleet.apply([{ kind: "noHost", hostId: "hst_host-1" }], 2);
    fleet.decide(request("web-3", { zone: "az-1" }));
    expect(notes.of("web-3")?.candidates.map(({ host: name }) => name)).toEqual(["host-2"]);
  });
});
