import type { Clock, TransferOptions, TransferProgress } from "@cloudhost/core/ports";
import { cancelled, throwIfCancelled } from "../failures.ts";

interface Flight<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  readonly riders: Set<TransferOptions>;
}

/**
 * Work by key that is done once for all who ask while it is under way. Each rider may leave by its own signal; the work
 * is cancelled when the last has left.
 */
export class SharedFlights<T> {
  readonly #clock: Clock;
  readonly #flights = new Map<string, Flight<T>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async join(key: string, rider: TransferOptions, work: (options: TransferOptions) => Promise<T>): Promise<T> {
    throwIfCancelled(rider.signal, `waiting for ${key}`);
    const flight = this.#flights.get(key) ?? this.#start(key, work);
    flight.riders.add(rider);
    const left = Promise.withResolvers<never>();
    const leave = (): void => {
      flight.riders.delete(rider);
      left.reject(cancelled(`waiting for ${key}`, rider.signal?.reason));
      if (flight.riders.size > 0) return;
      // Whoever comes now needs a flight that is not about to end.
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
      flight.controller.abort(rider.signal?.reason);
    };
    rider.signal?.addEventListener("abort", leave, { once: true });
    try {
      return await this.#clock.waiting(Promise.race([flight.result, left.promise]));
    } finally {
      rider.signal?.removeEventListener("abort", leave);
      flight.riders.delete(rider);
    }
  }

  #start(key: string, work: (options: TransferOptions) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const riders = new Set<TransferOptions>();
    const onProgress = (progress: TransferProgress): void => {
      for (const rider of riders) rider.onProgress?.(progress);
    };
    const result = this.#clock
      .busy(() => work({ signal: controller.signal, onProgress }))
      .finally(() => {
        if (this.#flights.get(key)?.result === result) this.#flights.delete(key);
      });
    // Its riders hear of a failure; when all have left, nobody does.
    result.catch(() => {});
    const flight = { result, controller, riders };
    this.#flights.set(key, flight);
    return flight;
  }
}
