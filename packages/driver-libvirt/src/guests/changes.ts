import type { Clock, GuestState, Logger } from "@cloudhost/core/ports";
import type { Libvirt, Watched } from "@cloudhost/libvirt-rpc";
import { VIR } from "@cloudhost/libvirt-rpc";
import { markRestart } from "./boot-port.ts";
import { Broadcast } from "./broadcast.ts";
import type { Guests } from "./guests.ts";

/** How often the ports of guests that are booting are looked at. */
const lookMs = 500;

/**
 * Tells of changes of this host's guests to whoever listens, and notes when a guest's OS restarts by itself. It works
 * whether anybody listens or not.
 */
export class Changes implements AsyncDisposable {
  readonly #libvirt: Libvirt;
  readonly #guests: Guests;
  readonly #logger: Logger;
  readonly #told = new Broadcast<GuestState>();
  /** Guests whose OS had not booted when last seen. */
  readonly #booting = new Set<string>();
  readonly #closing = new AbortController();
  readonly #looking: AsyncDisposable;
  readonly #watching: Promise<void>;

  constructor(parts: { libvirt: Libvirt; guests: Guests; clock: Clock; logger: Logger }) {
    this.#libvirt = parts.libvirt;
    this.#guests = parts.guests;
    this.#logger = parts.logger;
    const onError = (error: unknown): void => parts.logger.warn({ error }, "looking at guests that boot");
    this.#looking = parts.clock.every(lookMs, () => this.#look(), onError);
    this.#watching = this.#watch();
  }

  listen(signal: AbortSignal): AsyncIterable<GuestState> {
    return this.#told.listen(AbortSignal.any([signal, this.#closing.signal]));
  }

  /** Somebody saw a guest in this state. */
  seen(state: GuestState): void {
    if (state.ready === "booting") this.#booting.add(state.id);
    else this.#booting.delete(state.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#looking[Symbol.asyncDispose]();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    try {
      const events = this.#libvirt.watch(["domainLifecycle", "domainReboot"], { signal: this.#closing.signal });
      for await (const event of events) await this.#take(event);
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#logger.error({ error }, "libvirt tells of changes no more");
    }
  }

  async #take(watched: Watched<"domainLifecycle" | "domainReboot">): Promise<void> {
    try {
      if (watched.kind === "subscribed") {
        for await (const guest of this.#guests.all()) this.#tell(await this.#guests.stateOf(guest));
        return;
      }
      const { dom } = watched.event.msg;
      const guestId = this.#guests.idOf(dom);
      if (guestId === undefined) return;
      if (watched.kind === "domainReboot") await this.#noteRestart(guestId);
      const state = await this.#stateOf(guestId);
      if (state !== undefined) this.#tell(state);
      else if (isStop(watched)) this.#tell({ id: guestId, power: "stopped", ready: "unknown" });
    } catch (error) {
      // One event is lost, as events may be; the next is as good.
      this.#logger.warn({ error }, "an event of libvirt");
    }
  }

  /** Looks whether guests have booted since: their port is a file, which tells of no event. */
  async #look(): Promise<void> {
    for (const guestId of this.#booting) {
      const state = await this.#stateOf(guestId);
      if (state === undefined) this.#booting.delete(guestId);
      else if (state.ready !== "booting") this.#tell(state);
    }
  }

  async #noteRestart(guestId: string): Promise<void> {
    const found = await this.#guests.find(guestId);
    if (found?.run !== undefined) await markRestart(found.files, found.run);
  }

  async #stateOf(guestId: string): Promise<GuestState | undefined> {
    const found = await this.#guests.find(guestId);
    return found && this.#guests.stateOf(found);
  }

  #tell(state: GuestState | undefined): void {
    if (state === undefined) return;
    this.seen(state);
    this.#told.send(state);
  }
}

const isStop = (watched: Watched<"domainLifecycle" | "domainReboot">): boolean =>
  watched.kind === "domainLifecycle" && watched.event.msg.event === VIR.DOMAIN_EVENT_STOPPED;
