import { setTimeout as sleep } from "node:timers/promises";
import type { Connection, Subscription } from "../connection/connection.ts";
import { EventQueue } from "../connection/event-queue.ts";
import { disconnectedError, isLibvirtError } from "../error.ts";
import type { EventName, EventOf } from "../protocol/names.ts";

/**
 * What a watch tells: an event; or that from now on events come, for the first time or again after the connection was
 * lost. On `subscribed`, list: whatever happened before it is not told.
 */
export type Watched<Name extends EventName> =
  | { readonly kind: "subscribed" }
  | { [Each in Name]: { readonly kind: Each; readonly event: EventOf<Each> } }[Name];

/** How a lost daemon is looked for again. */
export interface ReconnectOptions {
  /** Milliseconds before the first try; each further one waits twice as long. @defaultValue 100 */
  readonly firstMs?: number | undefined;
  /** The longest wait in milliseconds. @defaultValue 5000 */
  readonly mostMs?: number | undefined;
}

const queueLength = 4096;

/**
 * Events over a connection of their own, for as long as the signal lets it: a lost daemon is looked for again, and a
 * reader who fell behind gets `subscribed` in place of what was lost.
 */
export async function* watch<Name extends EventName>(
  open: () => Promise<Connection>,
  names: readonly Name[],
  signal: AbortSignal,
  { firstMs = 100, mostMs = 5000 }: ReconnectOptions,
): AsyncGenerator<Watched<Name>, void, undefined> {
  let waitMs = firstMs;
  while (!signal.aborted) {
    try {
      await using connection = await open();
      const queue = new EventQueue<Watched<Name>>(queueLength);
      const stop = (): void => queue.end();
      signal.addEventListener("abort", stop, { once: true });
      // It may have fired while the connection was opened, and does not fire again.
      if (signal.aborted) stop();
      using _ = { [Symbol.dispose]: () => signal.removeEventListener("abort", stop) };
      await Promise.all(names.map(async (name) => pump(name, await connection.subscribe(name), queue)));
      waitMs = firstMs;
      yield { kind: "subscribed" };
      for (;;) {
        const next = await queue.next();
        if (next.done === true) return;
        yield next.value;
      }
    } catch (error) {
      if (!isLibvirtError(error) || !["disconnected", "overflow", "timeout"].includes(error.kind)) throw error;
      await sleep(waitMs, undefined, { signal }).catch(() => {});
      waitMs = Math.min(waitMs * 2, mostMs);
    }
  }
}

/** Carries one subscription's events to the common queue, and its end as well. */
function pump<Name extends EventName>(
  name: Name,
  subscription: Subscription<EventOf<Name>>,
  queue: EventQueue<Watched<Name>>,
): void {
  const carry = async (): Promise<void> => {
    try {
      for await (const event of subscription) queue.push({ kind: name, event } as Watched<Name>);
      queue.end();
    } catch (error) {
      queue.end(isLibvirtError(error) ? error : disconnectedError("the subscription ended", error));
    }
  };
  void carry();
}
