/** Wakes one who waits; what came before the wait counts. */
export class Wake {
  #called = false;
  #waiting: (() => void) | undefined;

  call(): void {
    this.#called = true;
    this.#waiting?.();
  }

  /** Resolves with the next call, at once when there was one since the last wait. */
  async next(): Promise<void> {
    if (!this.#called) await new Promise<void>((resolve) => (this.#waiting = resolve));
    this.#called = false;
    this.#waiting = undefined;
  }
}
