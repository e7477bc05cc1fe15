import { protocolError } from "../error.ts";
import { padding } from "./writer.ts";

/** Reads XDR, never past the end. What was announced and is not there is a protocol error. */
export class XdrReader {
  readonly #buffer: Buffer;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  /** Bytes that are left. */
  get remaining(): number {
    return this.#buffer.length - this.#at;
  }

  int(): number {
    return this.#buffer.readInt32BE(this.#take(4));
  }

  uint(): number {
    return this.#buffer.readUInt32BE(this.#take(4));
  }

  hyper(): bigint {
    return this.#buffer.readBigInt64BE(this.#take(8));
  }

  uhyper(): bigint {
    return this.#buffer.readBigUInt64BE(this.#take(8));
  }

  double(): number {
    return this.#buffer.readDoubleBE(this.#take(8));
  }

  /** So many bytes, without a copy; what fills them up is passed over. */
  opaque(length: number): Buffer {
    const at = this.#take(length + padding(length));
    return this.#buffer.subarray(at, at + length);
  }

  /** All that is left, without a copy. */
  rest(): Buffer {
    return this.#buffer.subarray(this.#take(this.remaining));
  }

  #take(bytes: number): number {
    if (bytes > this.remaining) throw protocolError(`${bytes} bytes are announced and ${this.remaining} are there`);
    const at = this.#at;
    this.#at += bytes;
    return at;
  }
}
