import { describe, expect, it } from "vitest";
import { Connection } from "../../src/index.ts";
import type { EventOf } from "../../src/index.ts";
import { FakeDaemon, settled } from "../support/fake-daemon.ts";
import type { Peer } from "../support/fake-daemon.ts";

const dom = { name: "web", uuid: "6f9619ff-8b86-d011-b42d-00cf4fc964ff", id: 3 };
const started = (callbackID: number, detail = 0): EventOf<"domainLifecycle"> => ({
  callbackID,
  msg: { dom, event: 2, detail },
});

const opened = async (
  handlers: ConstructorParameters<typeof FakeDaemon>[0] = {},
): Promise<{ connection: Connection; peer: Peer }> => {
  let callbacks = 0;
  const daemon = new FakeDaemon({
    connectDomainEventCallbackRegisterAny: () => ({ callbackID: callbacks++ }),
    connectNetworkEventRegisterAny: () => ({ callbackID: 0 }),
    connectDomainEventCallbackDeregisterAny: () => ({}),
    ...handlers,
  });
  const connection = await Connection.open({ transport: daemon.transport, keepalive: false });
  return { connection, peer: daemon.peers[0] as Peer };
};

describe("subscribing", () => {
  it("asks for everybody's events or one domain's, and gives each reader its own", async () => {
    const asked: unknown[] = [];
    const { connection, peer } = await opened({
      connectDomainEventCallbackRegisterAny: (args) => ({ callbackID: asked.push(args) }),
    });
    const everybody = await connection.subscribe("domainLifecycle");
    const one = await connection.subscribe("domainReboot", { of: dom });
    expect(asked).toEqual([
      { eventID: 0, dom: null },
      { eventID: 1, dom },
    ]);
    peer.emit("domainReboot", { callbackID: 2, msg: { dom } });
    peer.emit("domainLifecycle", started(1));
    expect(await everybody.next()).toEqual({ done: false, value: started(1) });
    expect(await one.next()).toEqual({ done: false, value: { callbackID: 2, msg: { dom } } });
    await connection.close();
  });

  it("loses no event that comes before the confirmation", async () => {
    const { connection } = await opened({
      connectDomainEventCallbackRegisterAny: (_, peer) => {
        peer.emit("domainLifecycle", started(5));
        return { callbackID: 5 };
      },
    });
    const events = await connection.subscribe("domainLifecycle");
    expect(await events.next()).toEqual({ done: false, value: started(5) });
    await connection.close();
  });

  it("ends with the loop, and once", async () => {
    const { connection, peer } = await opened();
    const events = await connection.subscribe("domainLifecycle");
    peer.emit("domainLifecycle", started(0));
    for await (const event of events) {
      expect(event).toEqual(started(0));
      break;
    }
    await events[Symbol.asyncDispose]();
    peer.emit("domainLifecycle", started(0));
    await settled();
    expect(peer.calls.filter((name) => name === "connectDomainEventCallbackDeregisterAny")).toHaveLength(1);
    await connection.close();
  });

  it("throws in the loop when the daemon dies, after what had come", async () => {
    const { connection, peer } = await opened();
    const events = await connection.subscribe("domainLifecycle");
    peer.emit("domainLifecycle", started(0));
    await settled();
    peer.die();
    await connection.closed;
    expect(await events.next()).toEqual({ done: false, value: started(0) });
    await expect(events.next()).rejects.toMatchObject({ kind: "disconnected" });
  });

  it("tells a reader who is too slow, and holds no more than he may miss", async () => {
    const { connection, peer } = await opened();
    const events = await connection.subscribe("domainLifecycle");
    for (let detail = 0; detail <= 4096; detail += 1) peer.emit("domainLifecycle", started(0, detail));
    await settled();
    for (let detail = 0; detail < 4096; detail += 1) {
      expect(await events.next()).toEqual({ done: false, value: started(0, detail) });
    }
    await expect(events.next()).rejects.toMatchObject({ kind: "overflow" });
    await connection.close();
  });
});
