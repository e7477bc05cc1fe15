import { EventEmitter } from "node:events";
import { CloudHostError } from "@cloudhost/core";
import type { Operation, Server } from "@cloudhost/core";
import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import type { QuickstartEvent } from "../../src/events.ts";
import { deleteServers, tidyUp } from "../../src/steps/tidy-up.ts";
import { Stop } from "../../src/stop.ts";
import type { Tour } from "../../src/tour.ts";

const conflict = new CloudHostError("CONFLICT", "busy", { state: "building", allowed: [] }, { retryable: true });
const notFound = new CloudHostError("NOT_FOUND", "gone", { resource: "server", id: "srv_1" });

async function* listed<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

/** Servers of which some are still another operation's when they are asked to go. */
function cloudOf(servers: { name: string; busy: boolean }[], operations: Partial<Operation>[] = []) {
  const calls: string[] = [];
  const said: QuickstartEvent[] = [];
  const ended = (what: string) => ({
    progress: new Subject(),
    result: async () => void calls.push(what),
  });
  const member = {
    servers: {
      list: () => listed(servers.map(({ name }) => ({ id: name, name }) as Server)),
      get: async (id: string) => ({ id, operationId: `op of ${id}` }),
      delete: async (id: string) => {
        const server = servers.find(({ name }) => name === id);
        if (server === undefined) throw notFound;
        if (server.busy) throw conflict;
        return ended(`deleted ${id}`);
      },
    },
    images: { list: () => listed([]), delete: async () => ended("") },
  };
  const operator = {
    projects: { get: async () => ({ id: "prj_1" }) },
    images: { list: () => listed([]) },
    operations: {
      list: ({ state }: { state?: string }) =>
        listed(operations.filter((one) => state === undefined || one.state === state)),
      get: async (id: string) => ({ id, kind: "server.create", state: "succeeded" }),
      result: async (id: string) => {
        for (const server of servers) if (id.endsWith(server.name)) server.busy = false;
        return ended(`ended ${id}`);
      },
    },
  };
  const tour = {
    member,
    operator,
    say: (event: QuickstartEvent) => said.push(event),
    stop: new Stop(new EventEmitter()),
  };
  return { tour: tour as unknown as Tour, calls, said };
}

describe("tidying up", () => {
  it("deletes all servers, also one that an operation still has", async () => {
    const { tour, calls } = cloudOf([
      { name: "web-1", busy: false },
      { name: "web-2", busy: true },
    ]);
    expect(await deleteServers(tour)).toEqual(["web-1", "web-2"]);
    expect(calls).toEqual(["deleted web-1", "ended op of web-2", "deleted web-2"]);
  });

  it("does not mind one that is gone by then", async () => {
    const { tour } = cloudOf([{ name: "web-1", busy: false }]);
    tour.member.servers.delete = async () => {
      throw notFound;
    };
    expect(await deleteServers(tour)).toEqual(["web-1"]);
  });

  it("says what it ended and deleted, and what is there from earlier", async () => {
    const running = { id: "op_1", kind: "server.create", state: "running" } as const;
    const { tour, said } = cloudOf([{ name: "web-1", busy: false }], [running]);
    await tidyUp(tour);
    const told = said.filter(({ event }) => event !== "progress");
    expect(told).toEqual([
      {
        event: "recovered",
        operations: [{ id: "op_1", kind: "server.create", state: "succeeded" }],
        servers: ["web-1"],
        images: [],
      },
      { event: "found", images: [], operations: 1 },
    ]);
  });

  it("says nothing where nothing was", async () => {
    const { tour, said } = cloudOf([]);
    await tidyUp(tour);
    expect(said).toEqual([]);
  });
});
