import { describe, expect, it } from "vitest";
import { Connection } from "../../src/index.ts";
import type { LibvirtStream } from "../../src/index.ts";
import { payloadWriter } from "../../src/protocol/header.ts";
import { daemonErrorLayout, messageStatus, messageTypes } from "../../src/protocol/table.ts";
import { encode } from "../../src/xdr/encode.ts";
import { FakeDaemon, settled } from "../support/fake-daemon.ts";
import type { Peer } from "../support/fake-daemon.ts";

const vol = { pool: "p", name: "v", key: "k" };
const args = { vol, offset: 0n, length: 0n, flags: 0 };

function chunk(peer: Peer, status: number, text = ""): void {
  const payload = payloadWriter();
  payload.raw(Buffer.from(text));
  peer.frame({ procedure: 209, type: messageTypes.stream, serial: 3, status }, payload);
}
async function opened(
  storageVolDownload: (args: unknown, peer: Peer) => Record<string, never> = () => ({}),
): Promise<{ stream: LibvirtStream; peer: Peer; connection: Connection }> {
  const daemon = new FakeDaemon({ storageVolDownload });
  const connection = await Connection.open({ transport: daemon.transport, keepalive: false });
  const stream = await connection.openStream("storageVolDownload", args);
  return { stream, peer: daemon.peers[0] as Peer, connection };
}
const text = async (stream: LibvirtStream): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const bytes of stream) chunks.push(bytes);
  return Buffer.concat(chunks).toString();
};

describe("a stream", () => {
  it("reads what comes, even together with the reply, to the end", async () => {
    const { stream, peer, connection } = await opened((_, early) => {
      chunk(early, messageStatus.continue, "one ");
      return {};
    });
    chunk(peer, messageStatus.continue, "two");
    chunk(peer, messageStatus.continue);
    expect(await text(stream)).toBe("one two");
    const finished = stream.finish();
    await settled();
    expect(peer.others.at(-1)?.header).toMatchObject({
      type: messageTypes.stream,
      serial: 3,
      status: messageStatus.ok,
    });
    chunk(peer, messageStatus.ok);
    await finished;
    await connection.close();
  });

  it("writes in pieces that every daemon takes", async () => {
    const { stream, peer, connection } = await opened();
    await stream.write(new Uint8Array(600_000).fill(7));
    await settled();
    const sizes = peer.others.map(({ payload }) => payload.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(600_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(262_120);
    await connection.close();
  });

  it("fails with what the daemon says", async () => {
    const { stream, peer, connection } = await opened();
    const payload = payloadWriter();
    const nothing = { dom: null, str1: null, str2: null, str3: null, int1: 0, int2: 0, net: null };
    encode(payload, daemonErrorLayout, { code: 38, domain: 1, message: "the disk is gone", level: 2, ...nothing });
    peer.frame({ procedure: 209, type: messageTypes.stream, serial: 3, status: messageStatus.error }, payload);
    await expect(text(stream)).rejects.toMatchObject({ kind: "daemon", code: 38, message: "the disk is gone" });
    await expect(stream.finish()).rejects.toMatchObject({ code: 38 });
    await expect(stream.write(new Uint8Array(1))).rejects.toMatchObject({ code: 38 });
    await connection.close();
  });

  it("is aborted when disposed, and ends with its connection", async () => {
    const first = await opened();
    await first.stream[Symbol.asyncDispose]();
    await settled();
    expect(first.peer.others.at(-1)?.header).toMatchObject({ status: messageStatus.error, serial: 3 });
    await first.connection.close();

    const second = await opened();
    second.peer.die();
    await expect(text(second.stream)).rejects.toMatchObject({ kind: "disconnected" });
  });

  it("does not read on while nobody reads it", async () => {
    const { stream, peer, connection } = await opened();
    const piece = "x".repeat(200_000);
    for (let sent = 0; sent < 40; sent += 1) chunk(peer, messageStatus.continue, piece);
    chunk(peer, messageStatus.continue);
    await settled();
    expect((await text(stream)).length).toBe(8_000_000);
    await connection.close();
  });
});
