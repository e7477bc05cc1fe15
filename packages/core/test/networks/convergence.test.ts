import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../src/clock/virtual-clock.ts";
import type { Database } from "../../src/database/database.ts";
import type { NetworkChanges } from "../../src/hosts/bound-host-client.ts";
import type { HostRuntime } from "../../src/hosts/host-runtime.ts";
import type { HostStore } from "../../src/hosts/store.ts";
import { NetworkConvergence } from "../../src/networks/convergence.ts";
import type { NetworkRenderer, RenderedBase } from "../../src/networks/renderer.ts";
import type { NetworkStore } from "../../src/networks/store.ts";
import { silentLogger } from "../../src/ports/logger.ts";
import type { NetworkChange } from "../../src/ports/network-driver.ts";

const member = (number: number): NetworkChange => ({
  kind: "member",
  member: { address: `10.0.0.${number}`, tenant: 1, via: null },
});

type Answer = { readonly revision: number; readonly wanted: "nothing" | "whole" };

/** Hosts whose wanted network has as many members as its revision, and whose agents do as they are told. */
function fixture(names: readonly string[] = ["a"]) {
  const wanted = new Map(names.map((name) => [name, 0]));
  const sent: (NetworkChanges & { host: string })[] = [];
  const recorded: string[] = [];
  const told = {
    answer: async (_host: string, { revision }: NetworkChanges): Promise<Answer> => ({ revision, wanted: "nothing" }),
  };
  const log = { reachesBack: true, addresses: "[]" };
  const rendered = (host: string, before: number) => {
    const revision = wanted.get(host) ?? 0;
    const changes = Array.from({ length: revision - before }, (_, index) => member(before + index + 1));
    return { revision, projectIds: new Set<string>(), nicIds: new Set<string>(), changes };
  };
  const renderer = {
    whole: async (host: string) => rendered(host, 0),
    since: async (host: string, { revision }: RenderedBase) => (log.reachesBack ? rendered(host, revision) : undefined),
    addressesOfHosts: async () => log.addresses,
  } as unknown as NetworkRenderer;
  const networks = { forgetOld: () => "forgets" } as unknown as NetworkStore;
  const client = (host: string) => ({
    bind: () => ({
      host,
      network: {
        apply: (update: NetworkChanges) => {
          sent.push({ host, ...update });
          return told.answer(host, update);
        },
      },
    }),
  });
  const runtime = {
    opened: names.map((name) => ({ id: name, name })),
    get: (host: string) => ({ client: client(host), epoch: 1 }),
  } as unknown as HostRuntime;
  const hosts = {
    get: async (host: string) => ({ name: host, network_revision: wanted.get(host) ?? 0, network_applied_revision: 0 }),
    networkApplied: (host: string, revision: number) => `${host} at ${revision}`,
  } as unknown as HostStore;
  const database = {
    run: async (what: string) => void (what === "forgets" || recorded.push(what)),
  } as unknown as Database;
  const clock = new VirtualClock();
  const convergence = new NetworkConvergence(renderer, networks, runtime, hosts, database, clock, silentLogger);
  return { convergence, wanted, sent, told, recorded, log, clock };
}

describe("converging a host's network", () => {
  it("sends the whole first, and then only what changed", async () => {
    const { convergence, wanted, sent } = fixture();
    wanted.set("a", 2);
    await convergence.converge("a", 2);
    wanted.set("a", 3);
    await convergence.converge("a", 3);
    expect(sent).toEqual([
      { host: "a", revision: 2, baseRevision: 0, changes: [member(1), member(2)] },
      { host: "a", revision: 3, baseRevision: 2, changes: [member(3)] },
    ]);
  });

  it("sends nothing when the host is there already", async () => {
    const { convergence, wanted, sent } = fixture();
    wanted.set("a", 5);
    await convergence.converge("a", 5);
    await convergence.converge("a", 3);
    expect(sent).toHaveLength(1);
  });

  it("runs once for all who wait, with the newest that is wanted by then", async () => {
    const { convergence, wanted, sent, told } = fixture();
    const gate = Promise.withResolvers<void>();
    let running = 0;
    told.answer = async (_, { revision }) => {
      expect((running += 1)).toBe(1);
      await gate.promise;
      running -= 1;
      return { revision, wanted: "nothing" };
    };
    wanted.set("a", 1);
    const first = convergence.converge("a", 1);
    await expect.poll(() => sent.length).toBe(1);
    const rest = Array.from({ length: 30 }, (_, index) => {
      wanted.set("a", index + 2);
      return convergence.converge("a", index + 2);
    });
    gate.resolve();
    await Promise.all([first, ...rest]);
    expect(sent.map(({ revision }) => revision)).toEqual([1, 31]);
  });

  it("sends the whole again when the agent lacks the base", async () => {
    const { convergence, wanted, sent, told } = fixture();
    wanted.set("a", 1);
    await convergence.converge("a", 1);
    told.answer = async (_, { revision, baseRevision }) => ({
      revision,
      wanted: baseRevision === 0 ? "nothing" : "whole",
    });
    wanted.set("a", 2);
    await convergence.converge("a", 2);
    expect(sent.map(({ baseRevision }) => baseRevision)).toEqual([0, 1, 0]);
  });

  it("sends the whole when what changed since is logged no more", async () => {
    const { convergence, wanted, sent, log } = fixture();
    wanted.set("a", 1);
    await convergence.converge("a", 1);
    log.reachesBack = false;
    wanted.set("a", 2);
    await convergence.converge("a", 2);
    expect(sent.at(-1)).toEqual({ host: "a", revision: 2, baseRevision: 0, changes: [member(1), member(2)] });
  });

  it("sends the whole once an hour", async () => {
    const { convergence, wanted, sent, clock } = fixture();
    for (const revision of [1, 2, 3, 4]) {
      wanted.set("a", revision);
      await convergence.converge("a", revision);
      await clock.advance({ minutes: 40 });
    }
    expect(sent.map(({ baseRevision }) => baseRevision)).toEqual([0, 1, 0, 3]);
  });

  it("does not take a host for converged that lost a part of the whole", async () => {
    const { convergence, wanted, told, sent } = fixture();
    wanted.set("a", 1);
    told.answer = async () => ({ revision: 0, wanted: "whole" });
    await expect(convergence.converge("a", 1)).rejects.toMatchObject({ code: "HOST_UNAVAILABLE", retryable: true });
    told.answer = async (_, { revision }) => ({ revision, wanted: "nothing" });
    await convergence.converge("a", 1);
    expect(sent).toHaveLength(2);
  });

  it("tells a failure to those who waited for it, and works the next time", async () => {
    const { convergence, wanted, told, sent } = fixture();
    wanted.set("a", 1);
    told.answer = async () => Promise.reject(new Error("the driver failed"));
    await expect(convergence.converge("a", 1)).rejects.toThrow("the driver failed");
    told.answer = async (_, { revision }) => ({ revision, wanted: "nothing" });
    await convergence.converge("a", 1);
    expect(sent.at(-1)).toMatchObject({ revision: 1, baseRevision: 0 });
  });
});

describe("the reconciler", () => {
  it("brings every host to what is wanted, and writes down where each is", async () => {
    const { convergence, wanted, sent, recorded } = fixture(["a", "b"]);
    wanted.set("a", 1).set("b", 2);
    await convergence.reconcile();
    expect(sent.map(({ host, revision }) => `${host} ${revision}`).toSorted()).toEqual(["a 1", "b 2"]);
    expect(recorded.toSorted()).toEqual(["a at 1", "b at 2"]);
  });

  it("tells every host the whole when hosts have other addresses", async () => {
    const { convergence, wanted, sent, log } = fixture(["a", "b"]);
    wanted.set("a", 1).set("b", 1);
    await convergence.reconcile();
    await convergence.reconcile();
    expect(sent).toHaveLength(2);
    log.addresses = '[["b","198.18.0.7"]]';
    await convergence.reconcile();
    expect(sent.map(({ host, baseRevision }) => `${host} ${baseRevision}`).toSorted()).toEqual([
      "a 0",
      "a 0",
      "b 0",
      "b 0",
    ]);
  });

  it("is held up by no host that hangs or fails", async () => {
    const { convergence, wanted, told, recorded } = fixture(["hangs", "fails", "works"]);
    for (const host of wanted.keys()) wanted.set(host, 1);
    const gate = Promise.withResolvers<Answer>();
    told.answer = async (host, { revision }) => {
      if (host === "hangs") return gate.promise;
      if (host === "fails") throw new Error("no");
      return { revision, wanted: "nothing" };
    };
    const reconciled = convergence.reconcile();
    await expect.poll(() => recorded).toEqual(["works at 1"]);
    gate.resolve({ revision: 1, wanted: "nothing" });
    await reconciled;
    expect(recorded.toSorted()).toEqual(["hangs at 1", "works at 1"]);
  });
});
