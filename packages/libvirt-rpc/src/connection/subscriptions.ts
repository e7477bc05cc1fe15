import type { LibvirtError } from "../error.ts";
import type { Frame } from "../protocol/header.ts";
import type { EventSource } from "../protocol/procedure.ts";
import { decode } from "../xdr/decode.ts";
import { EventQueue } from "./event-queue.ts";

/** Events that wait for a slow reader, each subscription's own. */
const queueLength = 4096;
/** Messages kept while a registration is under way: the first may come before its own confirmation. */
const earlyLength = 1024;

/** What is subscribed to on one connection: hands each message to whom it is for. */
export class Subscriptions {
  readonly #queues = new Map<string, EventQueue<unknown>>();
  #registering = 0;
  #early: { readonly key: string; readonly content: unknown }[] = [];
  readonly #sources = new Map<number, EventSource>();

  /**
   * Registers and returns the events from then on.
   * @param register asks the daemon and returns the id that it gave
   */
  async add(
    source: EventSource,
    register: () => Promise<number>,
  ): Promise<{ callbackId: number; queue: EventQueue<unknown> }> {
    this.#sources.set(source.message.number, source);
    this.#registering += 1;
    try {
      const callbackId = await register();
      const queue = new EventQueue<unknown>(queueLength);
      const key = keyOf(source, callbackId);
      this.#queues.set(key, queue);
      for (const early of this.#early) if (early.key === key) queue.push(early.content);
      return { callbackId, queue };
    } finally {
      this.#registering -= 1;
      if (this.#registering === 0) this.#early = [];
    }
  }

  remove(source: EventSource, callbackId: number): void {
    const key = keyOf(source, callbackId);
    this.#queues.get(key)?.end();
    this.#queues.delete(key);
  }

  /** Takes a message; one that nobody subscribed to is passed over. */
  receive({ header, payload }: Frame): void {
    const source = this.#sources.get(header.procedure);
    if (source === undefined) return;
    const content = decode(payload, source.message.content);
    const key = keyOf(source, (content as { readonly callbackID: number }).callbackID);
    const queue = this.#queues.get(key);
    if (queue !== undefined) queue.push(content);
    else if (this.#registering > 0 && this.#early.length < earlyLength) this.#early.push({ key, content });
  }

  end(error: LibvirtError): void {
    for (const queue of this.#queues.values()) queue.end(error);
    this.#queues.clear();
  }
}

/** Ids are counted for each kind of object apart. */
const keyOf = (source: EventSource, callbackId: number): string => `${source.message.number}/${callbackId}`;
