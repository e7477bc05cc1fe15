import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Connection, isLibvirtError, tcpTransport, unixTransport, VIR } from "../../src/index.ts";
import type { ConnectionOptions } from "../../src/index.ts";
import { frameOf, headerBytes } from "../../src/protocol/header.ts";
import { keepaliveProcedures, messageStatus, messageTypes, programs } from "../../src/protocol/table.ts";
import { FakeDaemon, held, Refusal, settled } from "../support/fake-daemon.ts";
import type { Peer } from "../support/fake-daemon.ts";

const dom = { name: "web", uuid: "6f9619ff-8b86-d011-b42d-00cf4fc964ff", id: 3 };
const state = { dom, flags: 0 };

const open = (daemon: FakeDaemon, options: ConnectionOptions = {}): Promise<Connection> =>
  Connection.open({ transport: daemon.transport, keepalive: false, ...options });
const peerOf = (daemon: FakeDaemon): Peer => daemon.peers.at(-1) as Peer;
const failure = async (promise: Promise<unknown>): Promise<{ kind: string; code: number; message: string }> => {
  try {
    await promise;
  } catch (error) {
    if (isLibvirtError(error)) return { kind: error.kind, code: error.code, message: error.message };
    throw error;
  }
  throw new Error("nothing was thrown");
};

describe("opening", () => {
  it("authenticates, opens the hypervisor, and says goodbye", async () => {
    let opened: unknown;
    const daemon = new FakeDaemon({ connectOpen: (args) => ((opened = args), {}) });
    const connection = await open(daemon, { uri: "lxc:///system" });
    expect(opened).toEqual({ name: "lxc:///system", flags: 0 });
    await connection.close();
    expect(peerOf(daemon).calls).toEqual(["authList", "connectOpen", "connectClose"]);
    expect(connection.isOpen).toBe(false);
    expect(await failure(connection.call("domainGetState", state))).toMatchObject({ kind: "disconnected" });
  });

  it.each([[[1]], [[2]], [[1, 2]]])("refuses authentication of types %j with advice", async (types) => {
    const daemon = new FakeDaemon({ authList: () => ({ types }) });
    expect(await failure(open(daemon))).toMatchObject({
      kind: "unsupported",
      message: expect.stringContaining("auth_unix_rw") as string,
    });
    expect(
      await failure(open(new FakeDaemon({ authList: () => ({ types: [2, 0] }), connectOpen: refuse }))),
    ).toMatchObject({
      kind: "daemon",
      code: VIR.ERR_NO_CONNECT,
    });
  });

  it("says how to start a daemon that is not there", async () => {
    const path = "/nonexistent/libvirt-sock";
    expect(await failure(unixTransport(path)(AbortSignal.timeout(1000)))).toMatchObject({
      kind: "disconnected",
      message: expect.stringMatching(/nonexistent.*systemctl start libvirtd.*virtlogd -d; libvirtd -d/) as string,
    });
    expect(await failure(tcpTransport({ host: "127.0.0.1", port: 1 })(AbortSignal.timeout(1000)))).toMatchObject({
      kind: "disconnected",
    });
  });

  it("gives up on a daemon that says nothing", async () => {
    const daemon = new FakeDaemon({ authList: held({ types: [] }).handler });
    expect(await failure(open(daemon, { openTimeoutMs: 5 }))).toMatchObject({ kind: "timeout" });
  });
});

function refuse(): never {
  throw new Refusal({ code: VIR.ERR_NO_CONNECT, message: "no such hypervisor" });
}

describe("calling", () => {
  it("carries arguments there and results back, however the bytes are cut", async () => {
    const daemon = new FakeDaemon({ domainGetState: (args) => ({ state: args.dom.id, reason: args.flags }) });
    await using connection = await open(daemon);
    peerOf(daemon).pieceBytes = 3;
    expect(await connection.call("domainGetState", { dom, flags: 7 })).toEqual({ state: 3, reason: 7 });
  });

  it("throws what the daemon says, with all of it", async () => {
    const fields = {
      code: VIR.ERR_NO_DOMAIN,
      domain: VIR.FROM_QEMU,
      level: 2,
      message: "not found",
      str1: "x",
      int1: 5,
    };
    const daemon = new FakeDaemon({
      domainGetState: () => {
        throw new Refusal(fields);
      },
    });
    await using connection = await open(daemon);
    await expect(connection.call("domainGetState", state)).rejects.toMatchObject({
      name: "LibvirtError",
      kind: "daemon",
      message: "domainGetState: not found",
      code: VIR.ERR_NO_DOMAIN,
      domain: VIR.FROM_QEMU,
      level: 2,
      details: { procedure: "domainGetState", str1: "x", int1: 5 },
    });
    expect(connection.isOpen).toBe(true);
  });

  it("sends nothing when an argument does not fit", async () => {
    const daemon = new FakeDaemon();
    await using connection = await open(daemon);
    expect(await failure(connection.call("domainGetState", { dom: { ...dom, id: 0.5 }, flags: 0 }))).toEqual({
      kind: "argument",
      code: VIR.ERR_INVALID_ARG,
      message: "domainGetState: dom.id is not an integer from -2147483648 to 2147483647: 0.5",
    });
    expect(peerOf(daemon).calls).not.toContain("domainGetState");
  });

  it("has four calls with the daemon at a time, and a slow one holds up only its own place", async () => {
    const slow = held({});
    const daemon = new FakeDaemon({ domainSuspend: slow.handler, domainGetState: () => ({ state: 1, reason: 0 }) });
    await using connection = await open(daemon);
    const suspending = Array.from({ length: 6 }, () => connection.call("domainSuspend", { dom }));
    await settled();
    expect([slow.waiting(), connection.load]).toEqual([4, 6]);
    const asked = connection.call("domainGetState", state);
    slow.release();
    await Promise.all(suspending);
    expect(await asked).toEqual({ state: 1, reason: 0 });
    expect(connection.load).toBe(0);
  });

  it("forgets no call of a broken connection", async () => {
    const daemon = new FakeDaemon({ domainSuspend: held({}).handler });
    const connection = await open(daemon);
    const calls = Array.from({ length: 6 }, () => failure(connection.call("domainSuspend", { dom })));
    await settled();
    peerOf(daemon).die();
    expect(new Set((await Promise.all(calls)).map(({ kind }) => kind))).toEqual(new Set(["disconnected"]));
    expect(await connection.closed).toMatchObject({ kind: "disconnected" });
  });

  it("stops waiting when the signal fires, and keeps the call's place until the answer", async () => {
    const slow = held({});
    const daemon = new FakeDaemon({ domainSuspend: slow.handler });
    await using connection = await open(daemon, { maxInFlight: 1 });
    const cancel = new AbortController();
    const call = failure(connection.call("domainSuspend", { dom }, { signal: cancel.signal }));
    await settled();
    cancel.abort();
    expect(await call).toMatchObject({ kind: "cancelled" });
    expect(connection.load).toBe(1);
    slow.release();
    await settled();
    expect(connection.load).toBe(0);
    expect(await failure(connection.call("domainSuspend", { dom }, { signal: cancel.signal }))).toMatchObject({
      kind: "cancelled",
    });
  });
});

describe("deadlines and keepalive", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "clearTimeout", "clearInterval"] }));
  afterEach(() => void vi.useRealTimers());

  it("ends the wait, keeps the place until the late answer, and then uses it again", async () => {
    const slow = held({});
    const daemon = new FakeDaemon({ domainSuspend: slow.handler, domainGetState: () => ({ state: 1, reason: 0 }) });
    await using connection = await open(daemon, { maxInFlight: 1, callTimeoutMs: 1000 });
    const hanging = failure(connection.call("domainSuspend", { dom }));
    const queued = failure(connection.call("domainGetState", state, { timeoutMs: 500 }));
    await settled();
    vi.advanceTimersByTime(1000);
    expect(await hanging).toMatchObject({
      kind: "timeout",
      message: expect.stringContaining("got no answer") as string,
    });
    expect(await queued).toMatchObject({
      kind: "timeout",
      message: expect.stringContaining("not even sent") as string,
    });
    expect(connection.load).toBe(1);
    const next = connection.call("domainGetState", state);
    slow.release();
    expect(await next).toEqual({ state: 1, reason: 0 });
  });

  it("answers the daemon's pings", async () => {
    const daemon = new FakeDaemon();
    await using _ = await open(daemon);
    peerOf(daemon).frame({
      program: programs.keepalive,
      procedure: keepaliveProcedures.ping,
      type: messageTypes.message,
    });
    await settled();
    expect(peerOf(daemon).others.map(({ header }) => [header.program, header.procedure])).toEqual([
      [programs.keepalive, keepaliveProcedures.pong],
    ]);
  });

  it("asks a silent daemon whether it lives, and gives it up when it says nothing", async () => {
    const daemon = new FakeDaemon({ domainSuspend: held({}).handler });
    const connection = await open(daemon, { keepalive: { intervalMs: 100, count: 2 }, callTimeoutMs: 0 });
    const hanging = failure(connection.call("domainSuspend", { dom }));
    const peer = peerOf(daemon);
    await settled();
    // The handshake was heard in the first interval; each answer counts like any other message.
    vi.advanceTimersByTime(200);
    await settled();
    expect(peer.others).toHaveLength(1);
    peer.frame({ program: programs.keepalive, procedure: keepaliveProcedures.pong, type: messageTypes.message });
    await settled();
    vi.advanceTimersByTime(300);
    expect(connection.isOpen).toBe(true);
    vi.advanceTimersByTime(100);
    expect(await hanging).toMatchObject({ kind: "disconnected", message: expect.stringContaining("silent") as string });
  });

  it("sends no pings to a daemon that does not know them", async () => {
    const daemon = new FakeDaemon({ connectSupportsFeature: () => ({ supported: 0 }) });
    await using connection = await open(daemon, { keepalive: { intervalMs: 100 } });
    vi.advanceTimersByTime(10_000);
    await settled();
    expect(peerOf(daemon).others).toEqual([]);
    expect(connection.isOpen).toBe(true);
  });
});

describe("a daemon that does not keep to the protocol", () => {
  it.each([
    ["a length that cannot be", (peer: Peer) => peer.raw(Buffer.from("7fffffff", "hex"))],
    ["a frame shorter than its header", (peer: Peer) => peer.raw(Buffer.from("0000000400000000", "hex"))],
    ["a reply to a call that was not made", (peer: Peer) => peer.frame({ serial: 99 })],
    ["a reply of another procedure", (peer: Peer) => peer.frame({ serial: 3, procedure: 9 })],
    ["a reply of a status that is none", (peer: Peer) => peer.frame({ serial: 3, procedure: 212, status: 9 })],
    ["a reply without its result", (peer: Peer) => peer.frame({ serial: 3, procedure: 212 })],
    [
      "an error without its fields",
      (peer: Peer) => peer.frame({ serial: 3, procedure: 212, status: messageStatus.error }),
    ],
  ])("is left: %s", async (_, misbehave) => {
    const daemon = new FakeDaemon({ domainGetState: held({ state: 1, reason: 0 }).handler });
    const connection = await open(daemon);
    const call = failure(connection.call("domainGetState", state));
    await settled();
    misbehave(peerOf(daemon));
    expect(await call).toMatchObject({ kind: "protocol" });
    expect(await connection.closed).toMatchObject({ kind: "protocol" });
  });

  it("cannot send file descriptors here", async () => {
    const daemon = new FakeDaemon({ domainGetState: held({ state: 1, reason: 0 }).handler });
    await using connection = await open(daemon);
    const call = failure(connection.call("domainGetState", state));
    await settled();
    peerOf(daemon).frame({ serial: 3, procedure: 212, type: messageTypes.replyWithFds });
    expect(await call).toMatchObject({ kind: "unsupported" });
    expect(connection.isOpen).toBe(true);
  });

  it("may send messages that nobody asked for", async () => {
    const daemon = new FakeDaemon({ domainGetState: () => ({ state: 1, reason: 0 }) });
    await using connection = await open(daemon);
    peerOf(daemon).frame({ procedure: 318, type: messageTypes.message });
    peerOf(daemon).frame({ procedure: 201, type: messageTypes.stream, serial: 77 });
    peerOf(daemon).raw(
      frameOf({ program: 1, version: 1, procedure: 1, type: 2, serial: 0, status: 0 }).subarray(0, headerBytes),
    );
    expect(await connection.call("domainGetState", state)).toEqual({ state: 1, reason: 0 });
  });
});
