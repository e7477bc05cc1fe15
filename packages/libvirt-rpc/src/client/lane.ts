import type { Connection } from "../connection/connection.ts";
import { disconnectedError } from "../error.ts";

/**
 * Connections for one kind of work. As soon as all of them have their hands full with calls that do not come back,
 * there is another, up to a limit; a broken one is replaced when it is needed next.
 */
export class ConnectionLane {
  readonly #open: () => Promise<Connection>;
  readonly #maxConnections: number;
  readonly #maxInFlight: number;
  readonly #connections = new Set<Connection>();
  #opening: Promise<Connection> | undefined;
  #closed = false;

  constructor(options: {
    readonly open: () => Promise<Connection>;
    readonly maxConnections: number;
    readonly maxInFlight: number;
  }) {
    this.#open = options.open;
    this.#maxConnections = options.maxConnections;
    this.#maxInFlight = options.maxInFlight;
  }

  /** Works with a connection whose next call goes out at once, or with the one that is least behind. */
  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    for (;;) {
      if (this.#closed) throw disconnectedError("the libvirt client is closed");
      const best = this.#leastLoaded();
      const full = this.#connections.size >= this.#maxConnections;
      // Work begins in this very turn, so that whoever chooses next sees its load.
      if (best !== undefined && (best.load < this.#maxInFlight || full)) return work(best);
      try {
        await (this.#opening ??= this.#add());
      } catch (error) {
        if (best?.isOpen === true) return work(best);
        throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => {});
    await Promise.all([...this.#connections].map((connection) => connection.close()));
  }

  async #add(): Promise<Connection> {
    try {
      const connection = await this.#open();
      this.#connections.add(connection);
      void connection.closed.then(() => this.#connections.delete(connection));
      return connection;
    } finally {
      this.#opening = undefined;
    }
  }

  #leastLoaded(): Connection | undefined {
    let least: Connection | undefined;
    for (const connection of this.#connections) {
      if (connection.isOpen && (least === undefined || connection.load < least.load)) least = connection;
    }
    return least;
  }
}
