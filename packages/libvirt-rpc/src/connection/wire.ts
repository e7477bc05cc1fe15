import type { Duplex } from "node:stream";
import { disconnectedError, isLibvirtError } from "../error.ts";
import type { LibvirtError } from "../error.ts";
import { FrameSplitter } from "../protocol/frame-splitter.ts";
import { frameOf, parseFrame } from "../protocol/header.ts";
import type { Frame, Header } from "../protocol/header.ts";
import type { XdrWriter } from "../xdr/writer.ts";

/** What a {@link Wire} tells. */
export interface WireListener {
  onFrame(frame: Frame): void;
  /** Once: nothing comes and nothing goes any more. */
  onEnd(error: LibvirtError): void;
}

/** Frames over a stream of bytes, in both directions. */
export class Wire {
  readonly #stream: Duplex;
  readonly #listener: WireListener;
  readonly #splitter = new FrameSplitter();
  #ended = false;

  constructor(stream: Duplex, listener: WireListener) {
    this.#stream = stream;
    this.#listener = listener;
    stream.on("data", (chunk: Buffer) => this.#receive(chunk));
    stream.on("error", (error) => this.end(disconnectedError("the connection to libvirt broke", error)));
    stream.on("close", () => this.end(disconnectedError("libvirt closed the connection")));
    stream.on("end", () => this.end(disconnectedError("libvirt closed the connection")));
  }

  get ended(): boolean {
    return this.#ended;
  }

  send(header: Header, payload?: XdrWriter): void {
    if (!this.#ended) this.#stream.write(frameOf(header, payload));
  }

  /** Resolves when what was sent has left this process's memory as far as the stream wants. */
  async drained(): Promise<void> {
    if (this.#ended || !this.#stream.writableNeedDrain) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const event of ["drain", "close"]) this.#stream.once(event, resolve);
    await promise;
    for (const event of ["drain", "close"]) this.#stream.off(event, resolve);
  }

  /** Takes no more from the socket for now, so that the sender has to wait. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  end(error: LibvirtError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream.destroy();
    this.#listener.onEnd(error);
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#splitter.push(chunk)) {
        if (this.#ended) return;
        this.#listener.onFrame(parseFrame(frame));
      }
    } catch (error) {
      if (!isLibvirtError(error)) throw error;
      this.end(error);
    }
  }
}
