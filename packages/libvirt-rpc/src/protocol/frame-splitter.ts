import { protocolError } from "../error.ts";
import { headerBytes, maxFrameBytes } from "./header.ts";

/**
 * Cuts a stream of bytes into frames. A length that cannot be is refused as soon as it is seen, so that never more than
 * one frame of the largest size is held.
 */
export class FrameSplitter {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /**
   * The frames that are whole now.
   * @throws LibvirtError `protocol` when the stream is not the protocol
   */
  *push(chunk: Buffer): Generator<Buffer> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes >= 4) {
      const length = this.#peekLength();
      if (length < headerBytes || length > maxFrameBytes) {
        throw protocolError(`a frame of ${length} bytes, and ${headerBytes} to ${maxFrameBytes} are possible`);
      }
      if (this.#bytes < length) return;
      yield this.#take(length);
    }
  }

  #peekLength(): number {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= 4) return first.readUInt32BE(0);
    return this.#joined().readUInt32BE(0);
  }

  #take(length: number): Buffer {
    const [first] = this.#chunks;
    const whole = first !== undefined && first.length >= length ? first : this.#joined();
    const rest = whole.subarray(length);
    this.#chunks[0] = rest;
    if (rest.length === 0) this.#chunks.shift();
    this.#bytes -= length;
    return whole.subarray(0, length);
  }

  /** Everything in one buffer. Only done where a frame spans chunks, and then once for all that is there of it. */
  #joined(): Buffer {
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}
