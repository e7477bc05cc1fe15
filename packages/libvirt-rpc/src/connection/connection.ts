import { disconnectedError, isLibvirtError, LibvirtError, unsupportedError } from "../error.ts";
import { VIR } from "../protocol/constants.ts";
import type { Frame } from "../protocol/header.ts";
import { eventSourceOf, procedureOf } from "../protocol/names.ts";
import type { ArgsOf, DomainRef, EventName, EventOf, ProcedureName, ResultOf } from "../protocol/names.ts";
import { messageStatus, messageTypes, programs } from "../protocol/table.ts";
import { Calls } from "./calls.ts";
import type { CallOptions } from "./calls.ts";
import { Keepalive } from "./keepalive.ts";
import type { KeepaliveOptions } from "./keepalive.ts";
import { LibvirtStream } from "./stream.ts";
import { Subscriptions } from "./subscriptions.ts";
import { unixTransport } from "./transport.ts";
import type { Transport } from "./transport.ts";
import { Wire } from "./wire.ts";

/** Which daemon to talk to, and how patiently. */
export interface ConnectionOptions {
  /** Which hypervisor of the daemon: `qemu:///system`, `lxc:///system`, `test:///default`. @defaultValue `qemu:///system` */
  readonly uri?: string | undefined;
  /** The daemon's UNIX socket. @defaultValue `/var/run/libvirt/libvirt-sock` */
  readonly socketPath?: string | undefined;
  /** Another way to the daemon; then `socketPath` is not looked at. */
  readonly transport?: Transport | undefined;
  /**
   * Calls with the daemon at a time; the rest wait here. A daemon reads no further than five requests of a connection
   * (`max_client_requests`), so that one more would hold up whatever comes behind it.
   * @defaultValue 4
   */
  readonly maxInFlight?: number | undefined;
  /** Milliseconds that a call may take unless it says otherwise; 0 for no limit. @defaultValue 30000 */
  readonly callTimeoutMs?: number | undefined;
  /** Milliseconds to connect, authenticate and open. @defaultValue 10000 */
  readonly openTimeoutMs?: number | undefined;
  /** How a silent daemon is found out; `false` to wait for ever. */
  readonly keepalive?: KeepaliveOptions | false | undefined;
}

/** Events as they come. Leaving the loop, or disposing, ends the subscription. */
export interface Subscription<Event> extends AsyncIterableIterator<Event, undefined>, AsyncDisposable {
  /** Ends the subscription. */
  return(): Promise<IteratorReturnResult<undefined>>;
}

const authNone = 0;

/**
 * One connection to a libvirt daemon. Calls do not wait for each other, as far as the daemon allows; a broken
 * connection stays broken. {@link Libvirt} has several and mends them.
 *
 * @example
 * await using connection = await Connection.open({ uri: "test:///default" });
 * const { domains } = await connection.call("connectListAllDomains", { needResults: 1, flags: 0 });
 */
export class Connection implements AsyncDisposable {
  readonly #wire: Wire;
  readonly #calls: Calls;
  readonly #keepalive: Keepalive;
  readonly #subscriptions = new Subscriptions();
  readonly #streams = new Map<number, LibvirtStream>();
  readonly #closed = Promise.withResolvers<LibvirtError>();

  private constructor(stream: ConstructorParameters<typeof Wire>[0], options: ConnectionOptions) {
    this.#wire = new Wire(stream, {
      onFrame: (frame) => this.#receive(frame),
      onEnd: (error) => this.#end(error),
    });
    this.#keepalive = new Keepalive(this.#wire, (error) => this.#wire.end(error));
    this.#calls = new Calls({
      maxInFlight: options.maxInFlight ?? 4,
      timeoutMs: options.callTimeoutMs ?? 30_000,
      send: ({ procedure, serial, payload }) => {
        const { program, number } = procedure;
        const [type, status] = [messageTypes.call, messageStatus.ok];
        this.#wire.send({ program: programs[program], version: 1, procedure: number, type, serial, status }, payload);
      },
    });
  }

  /**
   * Connects, authenticates and opens the hypervisor.
   * @throws LibvirtError `disconnected` when no daemon answers, `unsupported` when it wants a password or such,
   * `timeout`, `daemon` when it has no such hypervisor
   */
  static async open(options: ConnectionOptions = {}): Promise<Connection> {
    const { uri = "qemu:///system", openTimeoutMs = 10_000 } = options;
    const deadline = AbortSignal.timeout(openTimeoutMs);
    const stream = await (options.transport ?? unixTransport(options.socketPath))(deadline);
    const connection = new Connection(stream, options);
    try {
      await connection.#handshake(uri, options.keepalive ?? {}, deadline);
      return connection;
    } catch (error) {
      connection.#wire.end(disconnectedError("the connection was not opened", error));
      if (!isLibvirtError(error) || error.kind !== "cancelled") throw error;
      const message = `libvirt did not open ${uri} within ${openTimeoutMs} ms`;
      throw new LibvirtError(message, { kind: "timeout", code: VIR.ERR_OPERATION_TIMEOUT, cause: error });
    }
  }

  /** Calls with the daemon and waiting for their turn. */
  get load(): number {
    return this.#calls.load;
  }

  /** Whether calls can be made. */
  get isOpen(): boolean {
    return !this.#wire.ended;
  }

  /** Resolves when the connection has ended, with why. */
  get closed(): Promise<LibvirtError> {
    return this.#closed.promise;
  }

  /**
   * Calls a procedure. Names, arguments and results are the protocol's own, in camel case.
   * @throws LibvirtError
   */
  async call<Name extends ProcedureName>(
    name: Name,
    args: ArgsOf<Name>,
    options: CallOptions = {},
  ): Promise<ResultOf<Name>> {
    return (await this.#calls.call(name, procedureOf(name), args, options)) as ResultOf<Name>;
  }

  /**
   * Subscribes to an event; resolves when the daemon has confirmed it, so that whoever lists afterwards misses nothing.
   * Iterating throws a LibvirtError when the connection ends (`disconnected`) or the reader is too slow (`overflow`).
   *
   * @param options its `of`: only this domain's (network's, …) events; everybody's by default
   */
  async subscribe<Name extends EventName>(
    name: Name,
    options: CallOptions & { readonly of?: DomainRef | Readonly<Record<string, unknown>> } = {},
  ): Promise<Subscription<EventOf<Name>>> {
    const source = eventSourceOf(name);
    const { callbackId, queue } = await this.#subscriptions.add(source, async () => {
      const args = { eventID: source.id, [source.filter]: options.of ?? null };
      const result = await this.#call(source.register as ProcedureName, args, options);
      return (result as { readonly callbackID: number }).callbackID;
    });
    const stop = async (): Promise<void> => {
      this.#subscriptions.remove(source, callbackId);
      if (this.isOpen) await this.#call(source.deregister as ProcedureName, { callbackID: callbackId }, {});
    };
    return subscription<EventOf<Name>>(() => queue.next() as Promise<IteratorResult<EventOf<Name>, undefined>>, stop);
  }

  /**
   * Calls a procedure that opens a stream (`domainOpenConsole`, `storageVolDownload`, …).
   * @throws LibvirtError
   */
  async openStream<Name extends ProcedureName>(
    name: Name,
    args: ArgsOf<Name>,
    options: CallOptions = {},
  ): Promise<LibvirtStream> {
    const procedure = procedureOf(name);
    const serial = this.#calls.nextSerial();
    // Known before the call is sent: the first bytes may come together with the reply.
    const stream = new LibvirtStream({
      wire: this.#wire,
      name,
      procedure,
      serial,
      onEnd: () => this.#streams.delete(serial),
    });
    this.#streams.set(serial, stream);
    try {
      await this.#calls.call(name, procedure, args, options, serial);
      return stream;
    } catch (error) {
      this.#streams.delete(serial);
      throw error;
    }
  }

  /** Says goodbye and closes. Calls under way fail as `disconnected`. */
  async close(): Promise<void> {
    if (this.isOpen) await this.#call("connectClose", {}, { timeoutMs: 1000 }).catch(() => {});
    this.#wire.end(disconnectedError("the connection was closed"));
  }

  /** {@link Connection.close} */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #call(name: ProcedureName, args: unknown, options: CallOptions): Promise<unknown> {
    return this.#calls.call(name, procedureOf(name), args, options);
  }

  async #handshake(uri: string, keepalive: KeepaliveOptions | false, signal: AbortSignal): Promise<void> {
    const options = { signal, timeoutMs: 0 };
    const { types } = await this.call("authList", {}, options);
    if (types.length > 0 && !types.includes(authNone)) {
      throw unsupportedError(
        "The libvirt daemon wants SASL or polkit, which this client does not speak. Connect as root, or set " +
          'auth_unix_rw = "none" in libvirtd.conf for a socket that only the right people can open.',
      );
    }
    await this.call("connectOpen", { name: uri, flags: 0 }, options);
    if (keepalive === false) return;
    const feature = { feature: VIR.DRV_FEATURE_PROGRAM_KEEPALIVE };
    const { supported } = await this.call("connectSupportsFeature", feature, options);
    if (supported !== 0) this.#keepalive.start(keepalive);
  }

  #receive(frame: Frame): void {
    const { program, type, procedure, serial } = frame.header;
    this.#keepalive.heard();
    if (program === programs.keepalive) this.#keepalive.receive(procedure);
    else if (type === messageTypes.reply || type === messageTypes.replyWithFds) this.#calls.receive(frame);
    else if (type === messageTypes.stream || type === messageTypes.streamHole)
      this.#streams.get(serial)?.receive(frame);
    else if (type === messageTypes.message && program === programs.remote) this.#subscriptions.receive(frame);
  }

  #end(error: LibvirtError): void {
    this.#keepalive.stop();
    this.#calls.end(error);
    this.#subscriptions.end(error);
    for (const stream of this.#streams.values()) stream.end(error);
    this.#closed.resolve(error);
  }
}

function subscription<Event>(
  next: () => Promise<IteratorResult<Event, undefined>>,
  stop: () => Promise<void>,
): Subscription<Event> {
  let stopped: Promise<void> | undefined;
  return {
    next,
    async return() {
      await (stopped ??= stop());
      return { done: true, value: undefined };
    },
    async [Symbol.asyncDispose]() {
      await (stopped ??= stop());
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
