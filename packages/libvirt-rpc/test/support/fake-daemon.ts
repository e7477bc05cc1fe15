import { duplexPair } from "node:stream";
import type { Duplex } from "node:stream";
import type { Transport } from "../../src/index.ts";
import { FrameSplitter } from "../../src/protocol/frame-splitter.ts";
import { frameOf, parseFrame, payloadWriter } from "../../src/protocol/header.ts";
import type { Header } from "../../src/protocol/header.ts";
import { eventSourceOf, procedureNames, procedureOf } from "../../src/protocol/names.ts";
import type { ArgsOf, EventName, EventOf, ProcedureName, ResultOf } from "../../src/protocol/names.ts";
import { daemonErrorLayout, messageStatus, messageTypes, programs } from "../../src/protocol/table.ts";
import { decode } from "../../src/xdr/decode.ts";
import { encode } from "../../src/xdr/encode.ts";
import type { ValueOf } from "../../src/xdr/layout.ts";
import type { XdrWriter } from "../../src/xdr/writer.ts";

type DaemonError = Partial<ValueOf<typeof daemonErrorLayout>>;

/** Thrown by a handler: the daemon answers with this error. */
export class Refusal extends Error {
  readonly fields: DaemonError;
  constructor(fields: DaemonError) {
    super(fields.message ?? "refused");
    this.fields = fields;
  }
}

type Handlers = {
  [Name in ProcedureName]?: (args: ArgsOf<Name>, peer: Peer) => ResultOf<Name> | Promise<ResultOf<Name>>;
};

const byNumber = new Map(procedureNames.map((name) => [keyOf(procedureOf(name)), name]));

/** A daemon in this process that speaks the protocol: handlers answer, everything else may be sent by hand. */
export class FakeDaemon {
  /** Every connection, in the order of their coming. */
  readonly peers: Peer[] = [];
  readonly #handlers: Handlers;
  /** Nobody answers at the door. */
  down = false;

  constructor(handlers: Handlers = {}) {
    this.#handlers = {
      authList: () => ({ types: [] }),
      connectOpen: () => ({}),
      connectSupportsFeature: () => ({ supported: 1 }),
      connectClose: () => ({}),
      ...handlers,
    };
  }

  readonly transport: Transport = () => {
    if (this.down) return Promise.reject(new Error("nobody there"));
    const [ours, theirs] = duplexPair();
    this.peers.push(new Peer(ours, this.#handlers));
    return Promise.resolve(theirs);
  };
}

/** The daemon's end of one connection. */
export class Peer {
  readonly #stream: Duplex;
  readonly #handlers: Handlers;
  readonly #splitter = new FrameSplitter();
  /** Names of the calls that came, in their order. */
  readonly calls: ProcedureName[] = [];
  /** Headers of whatever came that was no call. */
  readonly others: { header: Header; payload: Buffer }[] = [];
  /** Cuts what is sent into pieces of so many bytes. */
  pieceBytes = Infinity;

  constructor(stream: Duplex, handlers: Handlers) {
    this.#stream = stream;
    this.#handlers = handlers;
    stream.on("data", (chunk: Buffer) => {
      for (const frame of this.#splitter.push(chunk)) void this.#receive(frame);
    });
    stream.on("error", () => {});
  }

  /** The daemon dies. */
  die(): void {
    this.#stream.destroy();
  }

  raw(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += this.pieceBytes)
      this.#stream.write(bytes.subarray(at, at + this.pieceBytes));
  }

  frame(header: Partial<Header>, payload?: XdrWriter): void {
    const whole = { program: programs.remote, version: 1, procedure: 1, type: 1, serial: 1, status: 0, ...header };
    this.raw(frameOf(whole, payload));
  }

  emit<Name extends EventName>(name: Name, content: EventOf<Name>): void {
    const { message } = eventSourceOf(name);
    const payload = payloadWriter();
    encode(payload, message.content, content);
    this.frame({ procedure: message.number, type: messageTypes.message, serial: 0 }, payload);
  }

  async #receive(bytes: Buffer): Promise<void> {
    const { header, payload } = parseFrame(bytes);
    const name = byNumber.get(`${header.program}/${header.procedure}`);
    if (header.type !== messageTypes.call || name === undefined) {
      this.others.push({ header, payload: Buffer.from(payload.rest()) });
      return;
    }
    this.calls.push(name);
    const procedure = procedureOf(name);
    const answer = payloadWriter();
    let status: number = messageStatus.ok;
    try {
      const handler = this.#handlers[name] as ((args: unknown, peer: Peer) => unknown) | undefined;
      if (handler === undefined) throw new Refusal({ code: 3, message: `no ${name} here` });
      encode(answer, procedure.result, await handler(decode(payload, procedure.args), this));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      status = messageStatus.error;
      encode(answer, daemonErrorLayout, { ...noError, ...error.fields });
    }
    this.frame({ ...header, type: messageTypes.reply, status }, answer);
  }
}

const noError = {
  code: 1,
  domain: 0,
  message: null,
  level: 2,
  dom: null,
  str1: null,
  str2: null,
  str3: null,
  int1: 0,
  int2: 0,
  net: null,
};

function keyOf({ program, number }: ReturnType<typeof procedureOf>): string {
  return `${programs[program]}/${number}`;
}

/** A handler that answers when it is told to. */
export function held<Result>(result: Result): {
  handler: () => Promise<Result>;
  release: () => void;
  waiting: () => number;
} {
  let waiting = 0;
  const gate = Promise.withResolvers<Result>();
  return {
    handler: () => {
      waiting += 1;
      return gate.promise;
    },
    release: () => gate.resolve(result),
    waiting: () => waiting,
  };
}

/** Lets everything that needs no time happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
