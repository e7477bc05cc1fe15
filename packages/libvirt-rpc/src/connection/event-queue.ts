import { VIR } from "../protocol/constants.ts";
import { LibvirtError } from "../error.ts";

/**
 * Holds what happened until somebody asks for it. A reader who stays too far behind gets an error in place of what was
 * lost: then only listing tells how things are.
 */
export class EventQueue<T> {
  readonly #capacity: number;
  #waiting: T[] = [];
  #reader: PromiseWithResolvers<IteratorResult<T, undefined>> | undefined;
  #end: { readonly error: LibvirtError | undefined } | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(value: T): void {
    if (this.#end !== undefined) return;
    if (this.#reader !== undefined) {
      this.#reader.resolve({ done: false, value });
      this.#reader = undefined;
    } else if (this.#waiting.length < this.#capacity) {
      this.#waiting.push(value);
    } else {
      const message = `more than ${this.#capacity} events were waiting for their reader, and later ones are lost`;
      this.end(new LibvirtError(message, { kind: "overflow", code: VIR.ERR_RESOURCE_BUSY }));
    }
  }

  /** No more comes: the reader gets what waits, and then the end or the error. */
  end(error?: LibvirtError): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    const reader = this.#reader;
    this.#reader = undefined;
    if (error === undefined) reader?.resolve({ done: true, value: undefined });
    else reader?.reject(error);
  }

  /** The next value. Only one reader may wait at a time. */
  async next(): Promise<IteratorResult<T, undefined>> {
    const value = this.#waiting.shift();
    if (value !== undefined) return { done: false, value };
    if (this.#end?.error !== undefined) throw this.#end.error;
    if (this.#end !== undefined) return { done: true, value: undefined };
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }
}
