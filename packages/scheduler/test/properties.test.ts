import type { FleetChange, HostView } from "@cloudhost/core/ports";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filterScheduler } from "../src/filter-scheduler.ts";
import { arbitraryHost, arbitraryHosts, arbitraryRequest, hostNumber } from "./arbitraries.ts";
import { candidatesOf, fleetOf } from "./fixtures.ts";
import { bestFirst, fits } from "./oracle.ts";

const runs = { numRuns: 500 };

describe("for every fleet and request", () => {
  it("the candidates are the hosts that fit, best first", () => {
    fc.assert(
      fc.property(arbitraryHosts, arbitraryRequest, (hosts, request) => {
        const candidates = candidatesOf(fleetOf(filterScheduler(), hosts), request);
        expect(candidates).toEqual(bestFirst(request, hosts).slice(0, 10));
      }),
      runs,
    );
  });

  it("is asked for what some, none and many hosts can take", () => {
    const cases = fc.sample(fc.tuple(arbitraryHosts, arbitraryRequest), { numRuns: 500, seed: 1 });
    const fitting = cases.map(([hosts, request]) => bestFirst(request, hosts).length);
    expect(fitting.filter((count) => count === 0).length).toBeGreaterThan(50);
    expect(fitting.filter((count) => count > 1).length).toBeGreaterThan(100);
    expect(fitting.filter((count) => count > 10).length).toBeGreaterThan(0);
  });

  it("no candidate lacks room for what is asked", () => {
    fc.assert(
      fc.property(arbitraryHosts, arbitraryRequest, (hosts, request) => {
        for (const id of candidatesOf(fleetOf(filterScheduler(), hosts), request)) {
          const free: Readonly<Record<string, number>> = { ...hosts.find((host) => host.id === id)?.free };
          for (const [name, need] of Object.entries(request.resources)) {
            expect(free[name] ?? 0).toBeGreaterThanOrEqual(need);
          }
        }
      }),
      runs,
    );
  });

  it("each host is passed or turned away exactly once, by the filters in turn", () => {
    fc.assert(
      fc.property(arbitraryHosts, arbitraryRequest, (hosts, request) => {
        const { filters, passed, ...explanation } = fleetOf(filterScheduler(), hosts).explain(request);
        let left = hosts.length;
        for (const { of, refused, hosts: refusedHosts } of filters) {
          expect(of).toBe(left);
          expect(refusedHosts).toHaveLength(refused);
          left -= refused;
        }
        expect(passed).toBe(left);
        expect(explanation.hosts).toBe(hosts.length);
        const turnedAway = filters.flatMap((filter) => filter.hosts.map(({ host }) => host));
        const unfit = hosts.filter((host) => !fits(request, host)).map(({ name }) => name);
        expect(turnedAway.toSorted()).toEqual(unfit.toSorted());
      }),
      runs,
    );
  });

  it("a fleet that is asked while it changes answers each time as one that was told the outcome", () => {
    const step = fc.oneof(
      arbitraryHost.map((host): FleetChange => ({ kind: "host", host })),
      hostNumber.map((number): FleetChange => ({ kind: "noHost", hostId: `hst_host-${number}` })),
      fc.nat({ max: 3 }),
    );
    fc.assert(
      fc.property(
        fc.array(arbitraryRequest, { minLength: 4, maxLength: 4 }),
        fc.array(step, { size: "+2" }),
        (requests, steps) => {
          const fleet = filterScheduler().openFleet();
          const outcome = new Map<string, HostView>();
          const answers: { cached: readonly string[]; anew: readonly string[] }[] = [];
          for (const [revision, change] of steps.entries()) {
            if (typeof change === "number") {
              const request = requests[change]!;
              const anew = bestFirst(request, [...outcome.values()]).slice(0, 10);
              answers.push({ cached: candidatesOf(fleet, request), anew });
              continue;
            }
            fleet.apply([change], revision);
            if (change.kind === "host") outcome.set(change.host.id, change.host);
            else outcome.delete(change.hostId);
          }
          expect(answers.map(({ cached }) => cached)).toEqual(answers.map(({ anew }) => anew));
        },
      ),
      runs,
    );
  });

  it("a fleet that followed its changes is one that was told their outcome", () => {
    const arbitraryChange: fc.Arbitrary<FleetChange> = fc.oneof(
      arbitraryHost.map((host) => ({ kind: "host" as const, host })),
      arbitraryHost.map(({ id }) => ({ kind: "noHost" as const, hostId: id })),
    );
    fc.assert(
      fc.property(fc.array(fc.array(arbitraryChange)), arbitraryRequest, (batches, request) => {
        const followed = filterScheduler().openFleet();
        const outcome = new Map<string, HostView>();
        for (const [revision, changes] of batches.entries()) {
          followed.apply(changes, revision);
          for (const change of changes) {
            if (change.kind === "host") outcome.set(change.host.id, change.host);
            else outcome.delete(change.hostId);
          }
        }
        const told = fleetOf(filterScheduler(), [...outcome.values()]);
        expect(candidatesOf(followed, request)).toEqual(candidatesOf(told, request));
      }),
      runs,
    );
  });
});
