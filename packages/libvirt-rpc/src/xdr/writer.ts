import { argumentError } from "../error.ts";

/** Appends XDR to a buffer that grows as needed, up to a limit. */
export class XdrWriter {
  readonly #maxBytes: number;
  #buffer: Buffer;
  #length: number;

  /**
   * @param maxBytes of the whole; writing more is an argument error
   * @param reserved bytes at the beginning that the caller fills in
   */
  constructor(maxBytes: number, reserved = 0) {
    this.#maxBytes = maxBytes;
    this.#buffer = Buffer.alloc(Math.max(256, reserved));
    this.#length = reserved;
  }

  int(value: number): void {
    const at = this.#grow(4);
    this.#buffer.writeInt32BE(value, at);
  }

  uint(value: number): void {
    const at = this.#grow(4);
    this.#buffer.writeUInt32BE(value, at);
  }

  hyper(value: bigint): void {
    const at = this.#grow(8);
    this.#buffer.writeBigInt64BE(value, at);
  }

  uhyper(value: bigint): void {
    const at = this.#grow(8);
    this.#buffer.writeBigUInt64BE(value, at);
  }

  double(value: number): void {
    const at = this.#grow(8);
    this.#buffer.writeDoubleBE(value, at);
  }

  /** The bytes and what fills them up to a multiple of four. */
  opaque(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length + padding(bytes.length));
    this.#buffer.set(bytes, at);
  }

  /** The bytes as they are, nothing behind them: the end of a payload. */
  raw(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** What was written: a view that the next write may leave behind. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #grow(bytes: number): number {
    const at = this.#length;
    const length = at + bytes;
    if (length > this.#maxBytes) throw argumentError(`the arguments take more than ${this.#maxBytes} bytes`);
    if (length > this.#buffer.length) {
      const larger = Buffer.alloc(Math.min(this.#maxBytes, Math.max(length, this.#buffer.length * 2)));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    this.#length = length;
    return at;
  }
}

/** Zero bytes that fill so many up to a multiple of four. */
export const padding = (bytes: number): number => (4 - (bytes % 4)) % 4;
