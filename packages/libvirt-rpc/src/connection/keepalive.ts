import { disconnectedError } from "../error.ts";
import type { LibvirtError } from "../error.ts";
import { keepaliveProcedures, messageStatus, messageTypes, programs } from "../protocol/table.ts";
import type { Wire } from "./wire.ts";

/** How a silent daemon is found out. */
export interface KeepaliveOptions {
  /** Milliseconds of silence after which the daemon is asked whether it is there. @defaultValue 5000 */
  readonly intervalMs?: number | undefined;
  /** So many questions without an answer, and the connection is given up. @defaultValue 5 */
  readonly count?: number | undefined;
}

/** Answers the daemon's pings, and sends pings of its own once started. */
export class Keepalive {
  readonly #wire: Wire;
  readonly #onDead: (error: LibvirtError) => void;
  #timer: NodeJS.Timeout | undefined;
  #unanswered = 0;
  #heard = false;

  constructor(wire: Wire, onDead: (error: LibvirtError) => void) {
    this.#wire = wire;
    this.#onDead = onDead;
  }

  start({ intervalMs = 5000, count = 5 }: KeepaliveOptions): void {
    // A connection alone keeps no process alive: its socket does that.
    this.#timer = setInterval(() => this.#beat(intervalMs, count), intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Something came: the daemon lives. */
  heard(): void {
    this.#heard = true;
    this.#unanswered = 0;
  }

  /** Takes a message of the keepalive program. */
  receive(procedure: number): void {
    if (procedure === keepaliveProcedures.ping) this.#send(keepaliveProcedures.pong);
  }

  #beat(intervalMs: number, count: number): void {
    if (this.#heard) {
      this.#heard = false;
    } else if (this.#unanswered >= count) {
      this.#onDead(disconnectedError(`libvirt was silent for ${intervalMs * (count + 1)} ms`));
    } else {
      this.#unanswered += 1;
      this.#send(keepaliveProcedures.ping);
    }
  }

  #send(procedure: number): void {
    const { message: type } = messageTypes;
    const { ok: status } = messageStatus;
    this.#wire.send({ program: programs.keepalive, version: 1, procedure, type, serial: 0, status });
  }
}
