/** Does one thing at a time for each key, in the order asked; keys do not wait for each other. */
export class Lanes {
  readonly #last = new Map<string, Promise<void>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const { promise: mine, resolve: leave } = Promise.withResolvers<void>();
    this.#last.set(key, mine);
    await before;
    try {
      return await work();
    } finally {
      leave();
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
