import { disconnectedError, unsupportedError } from "../error.ts";
import type { LibvirtError } from "../error.ts";
import type { Frame } from "../protocol/header.ts";
import { payloadWriter } from "../protocol/header.ts";
import type { Procedure } from "../protocol/procedure.ts";
import { messageStatus, messageTypes, programs } from "../protocol/table.ts";
import { readError } from "./calls.ts";
import type { Wire } from "./wire.ts";

/** Sent in one frame: daemons since libvirt 0.9 take as much. */
const chunkBytes = 256 * 1024 - 64;
/** The socket is not read on while more than this waits for the reader. */
const highWaterBytes = 1024 * 1024;

/**
 * The bytes of a console, a channel, a volume or a screenshot. Iterate to read; whoever does not read on holds up the
 * whole connection, so open streams on a connection of their own.
 */
export class LibvirtStream implements AsyncIterable<Uint8Array>, AsyncDisposable {
  readonly #wire: Wire;
  readonly #name: string;
  readonly #procedure: Procedure;
  readonly #serial: number;
  readonly #onEnd: () => void;
  readonly #ended = Promise.withResolvers<void>();
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #noMore = false;
  #error: LibvirtError | undefined;
  #wake: (() => void) | undefined;
  #finished = false;

  /** @internal */
  constructor(options: { wire: Wire; name: string; procedure: Procedure; serial: number; onEnd: () => void }) {
    this.#wire = options.wire;
    this.#name = options.name;
    this.#procedure = options.procedure;
    this.#serial = options.serial;
    this.#onEnd = options.onEnd;
    this.#ended.promise.catch(() => {});
  }

  /**
   * Sends bytes; resolves when the connection takes more.
   * @throws LibvirtError what ended the stream
   */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      this.#assertOpen();
      this.#send(messageStatus.continue, bytes.subarray(at, at + chunkBytes));
      await this.#wire.drained();
    }
  }

  /**
   * Says that all is sent and resolves when the daemon has confirmed that it has everything.
   * @throws LibvirtError what went wrong
   */
  async finish(): Promise<void> {
    if (!this.#finished) {
      this.#assertOpen();
      this.#send(messageStatus.ok);
    }
    await this.#ended.promise;
  }

  /** Resolves when the stream is over, however it ended. */
  get ended(): Promise<void> {
    return this.#ended.promise.catch(() => {});
  }

  /** Gives the stream up. */
  abort(): void {
    if (this.#finished) return;
    this.#send(messageStatus.error);
    this.end(disconnectedError(`${this.#name}: the stream was aborted`));
  }

  /** {@link LibvirtStream.abort}, where it is not over already. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.abort();
    await Promise.resolve();
  }

  /**
   * What comes, until the other side has sent all.
   * @throws LibvirtError what ended the stream
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#bytes -= chunk.length;
        if (this.#bytes <= highWaterBytes) this.#wire.resume();
        yield chunk;
      } else if (this.#error !== undefined) {
        throw this.#error;
      } else if (this.#noMore) {
        return;
      } else {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
      }
    }
  }

  /** @internal A frame of this stream. */
  receive({ header, payload }: Frame): void {
    if (header.status === messageStatus.error) {
      this.end(readError(payload, this.#name));
    } else if (header.type === messageTypes.streamHole) {
      this.end(unsupportedError(`${this.#name}: sparse streams are not supported`));
    } else if (header.status === messageStatus.ok) {
      this.end(undefined);
    } else if (payload.remaining === 0) {
      // The daemon has sent all; the stream is over when both sides have said so.
      this.#noMore = true;
      this.#wake?.();
    } else {
      this.#chunks.push(new Uint8Array(payload.rest()));
      this.#bytes += this.#chunks.at(-1)?.length ?? 0;
      if (this.#bytes > highWaterBytes) this.#wire.pause();
      this.#wake?.();
    }
  }

  /** @internal Nothing more comes. */
  end(error: LibvirtError | undefined): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#noMore = true;
    this.#error = error;
    this.#wire.resume();
    if (error === undefined) this.#ended.resolve();
    else this.#ended.reject(error);
    this.#onEnd();
    this.#wake?.();
  }

  #assertOpen(): void {
    if (this.#error !== undefined) throw this.#error;
    if (this.#finished) throw disconnectedError(`${this.#name}: the stream is finished`);
  }

  #send(status: number, bytes?: Uint8Array): void {
    const payload = payloadWriter();
    if (bytes !== undefined) payload.raw(bytes);
    const { program, number } = this.#procedure;
    this.#wire.send(
      {
        program: programs[program],
        version: 1,
        procedure: number,
        type: messageTypes.stream,
        serial: this.#serial,
        status,
      },
      payload,
    );
  }
}
