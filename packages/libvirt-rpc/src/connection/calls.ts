import { cancelledError, disconnectedError, LibvirtError, protocolError, unsupportedError } from "../error.ts";
import { VIR } from "../protocol/constants.ts";
import { payloadWriter } from "../protocol/header.ts";
import type { Frame } from "../protocol/header.ts";
import type { Procedure } from "../protocol/procedure.ts";
import { daemonErrorLayout, messageStatus, messageTypes } from "../protocol/table.ts";
import { decode } from "../xdr/decode.ts";
import { encode } from "../xdr/encode.ts";
import type { XdrReader } from "../xdr/reader.ts";
import type { XdrWriter } from "../xdr/writer.ts";

/** How long a call may take, and who may end the wait for it. */
export interface CallOptions {
  /**
   * Milliseconds until the call is given up, its wait for a free slot included; 0 for no limit.
   * @defaultValue the connection's `callTimeoutMs`
   */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait. What the daemon has begun it goes on with. */
  readonly signal?: AbortSignal | undefined;
}

interface Call {
  readonly name: string;
  readonly procedure: Procedure;
  readonly payload: XdrWriter;
  readonly serial: number;
  /** Tells the caller how it went; whoever comes second is not heard. */
  settle(outcome: { readonly value: unknown } | { readonly error: unknown }): void;
}

/**
 * The calls of one connection. So many are with the daemon at a time, the rest wait their turn. A call that nobody
 * waits for any more keeps its place until the daemon answers: it keeps one of the daemon's, too, and a client that
 * forgot it would send more than the daemon reads.
 */
export class Calls {
  readonly #maxInFlight: number;
  readonly #timeoutMs: number;
  readonly #send: (call: { procedure: Procedure; serial: number; payload: XdrWriter }) => void;
  readonly #inFlight = new Map<number, Call>();
  #queue: Call[] = [];
  #lastSerial = 0;
  #ended: LibvirtError | undefined;

  constructor(options: {
    readonly maxInFlight: number;
    readonly timeoutMs: number;
    readonly send: (call: { procedure: Procedure; serial: number; payload: XdrWriter }) => void;
  }) {
    this.#maxInFlight = options.maxInFlight;
    this.#timeoutMs = options.timeoutMs;
    this.#send = options.send;
  }

  /** Calls with the daemon and in the queue. */
  get load(): number {
    return this.#inFlight.size + this.#queue.length;
  }

  /** A serial of its own, for whoever has to know it before the call is sent. */
  nextSerial(): number {
    this.#lastSerial = (this.#lastSerial + 1) % 0x1_0000_0000;
    return this.#lastSerial;
  }

  async call(
    name: string,
    procedure: Procedure,
    args: unknown,
    options: CallOptions,
    serial: number = this.nextSerial(),
  ): Promise<unknown> {
    try {
      return await this.#begin(name, procedure, args, options, serial);
    } catch (error) {
      // Made anew here, so that its stack shows who called.
      throw named(name, error);
    }
  }

  /** Takes a reply. */
  receive({ header, payload }: Frame): void {
    const call = this.#inFlight.get(header.serial);
    if (call === undefined) throw protocolError(`a reply to call ${header.serial}, which was not made`);
    if (header.procedure !== call.procedure.number) {
      throw protocolError(`a reply of procedure ${header.procedure} to ${call.name}`);
    }
    this.#inFlight.delete(header.serial);
    this.#fill();
    try {
      call.settle({ value: resultOf(call, header, payload) });
    } catch (error) {
      call.settle({ error });
      if (error instanceof LibvirtError && error.kind === "protocol") throw error;
    }
  }

  /** Ends every call: the connection is gone. */
  end(error: LibvirtError): void {
    this.#ended = error;
    const calls = [...this.#inFlight.values(), ...this.#queue];
    this.#inFlight.clear();
    this.#queue = [];
    for (const call of calls) call.settle({ error });
  }

  #begin(name: string, procedure: Procedure, args: unknown, options: CallOptions, serial: number): Promise<unknown> {
    if (this.#ended !== undefined) throw disconnectedError("the connection is closed", this.#ended);
    if (options.signal?.aborted === true) throw cancelledError("the call", options.signal.reason);
    const payload = payloadWriter();
    encode(payload, procedure.args, args);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const call: Call = {
      name,
      procedure,
      payload,
      serial,
      settle: (outcome) => {
        stopWatching();
        if ("value" in outcome) resolve(outcome.value);
        else reject(outcome.error);
      },
    };
    const stopWatching = this.#watch(call, options);
    this.#queue.push(call);
    this.#fill();
    return promise;
  }

  #fill(): void {
    while (this.#inFlight.size < this.#maxInFlight) {
      const call = this.#queue.shift();
      if (call === undefined) return;
      this.#inFlight.set(call.serial, call);
      this.#send(call);
    }
  }

  /** Gives the call up at its deadline or signal; returns what ends the watch. */
  #watch(call: Call, { signal, timeoutMs = this.#timeoutMs }: CallOptions): () => void {
    const giveUp = (error: LibvirtError): void => {
      this.#queue = this.#queue.filter((other) => other !== call);
      call.settle({ error });
    };
    const onAbort = (): void => giveUp(cancelledError("the call", signal?.reason));
    const onTimeout = (): void => {
      const queued = this.#queue.includes(call) ? "was not even sent" : "got no answer";
      const message = `the call ${queued} within ${timeoutMs} ms`;
      giveUp(new LibvirtError(message, { kind: "timeout", code: VIR.ERR_OPERATION_TIMEOUT }));
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer = timeoutMs > 0 ? setTimeout(onTimeout, timeoutMs) : undefined;
    return () => {
      signal?.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    };
  }
}

function resultOf(call: Call, header: Frame["header"], payload: XdrReader): unknown {
  if (header.status === messageStatus.error) throw readError(payload, call.name);
  if (header.status !== messageStatus.ok) throw protocolError(`a reply of status ${header.status}`);
  if (header.type === messageTypes.replyWithFds) {
    throw unsupportedError("the answer is a file descriptor, which cannot be received here");
  }
  return decode(payload, call.procedure.result);
}

/** Reads the error that a daemon sent. */
export function readError(payload: XdrReader, procedure: string): LibvirtError {
  const { code, domain, level, message, str1, str2, str3, int1, int2 } = decode(payload, daemonErrorLayout);
  return new LibvirtError(message ?? `libvirt failed with code ${code}`, {
    kind: "daemon",
    code,
    domain,
    level,
    details: { procedure, str1, str2, str3, int1, int2 },
  });
}

/** The error as this call's: its message begins with the procedure's name. */
function named(name: string, error: unknown): unknown {
  if (!(error instanceof LibvirtError)) return error;
  const { kind, code, domain, level, details } = error;
  return new LibvirtError(`${name}: ${error.message}`, {
    kind,
    code,
    domain,
    level,
    details: { ...details, procedure: name },
    cause: error.cause,
  });
}
