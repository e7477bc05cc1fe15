/** One piece of work at a time for each guest, in the order of asking. */
export class OneAtATime {
  readonly #tails = new Map<string, Promise<void>>();

  async run<T>(guestId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(guestId);
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.#tails.set(guestId, done);
    try {
      await before;
      return await work();
    } finally {
      if (this.#tails.get(guestId) === done) this.#tails.delete(guestId);
      resolve();
    }
  }
}
