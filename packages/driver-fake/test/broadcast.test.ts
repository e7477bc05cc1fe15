import { describe, expect, it } from "vitest";
import { Broadcast } from "../src/broadcast.ts";

describe("a broadcast", () => {
  it("tells each listener what is sent from its call on", async () => {
    const broadcast = new Broadcast<number>();
    const ended = new AbortController();
    broadcast.send(1);
    const heard = broadcast.listen(ended.signal)[Symbol.asyncIterator]();
    broadcast.send(2);
    broadcast.send(3);
    expect([await heard.next(), await heard.next()].map(({ value }) => value as number)).toEqual([2, 3]);
    const next = heard.next();
    broadcast.send(4);
    expect(await next).toEqual({ done: false, value: 4 });
  });

  it("ends with its signal, also one that has fired already", async () => {
    const broadcast = new Broadcast<number>();
    const ended = new AbortController();
    const waiting = broadcast.listen(ended.signal)[Symbol.asyncIterator]().next();
    ended.abort();
    expect(await waiting).toMatchObject({ done: true });
    const late = broadcast.listen(ended.signal)[Symbol.asyncIterator]();
    broadcast.send(1);
    expect(await late.next()).toMatchObject({ done: true });
  });

  it("loses the oldest to a listener that is slow", async () => {
    const broadcast = new Broadcast<number>();
    const heard = broadcast.listen(new AbortController().signal)[Symbol.asyncIterator]();
    for (let value = 0; value < 1500; value += 1) broadcast.send(value);
    expect(await heard.next()).toEqual({ done: false, value: 500 });
  });
});
