/** A map that remembers only what was set last. */
export class Recent<Value> {
  readonly #values = new Map<string, Value>();
  readonly #keep: number;

  constructor(keep: number) {
    this.#keep = keep;
  }

  set(key: string, value: Value): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#keep) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }
}
