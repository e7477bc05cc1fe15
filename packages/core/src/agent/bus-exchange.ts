import { z } from "zod";
import { CloudHostError } from "../errors.ts";
import type { ErrorJson } from "../errors.ts";
import { idOf } from "../ids.ts";
import { Accepted, ErrorRecord, HostCommand, HostReply } from "../ports/bus.ts";
import type { BusEndpoint } from "../ports/bus.ts";
import { decode, encode } from "./bytes.ts";
import { errorRecord } from "./error-record.ts";

type Answered<Answer> = { readonly value: Answer } | { readonly error: ErrorRecord };

/** A kind of question to an agent, and what it answers. */
export interface BusExchange<Question, Answer> {
  /** Names the question in errors. */
  readonly what: string;
  readonly question: z.ZodType<Question>;
  readonly answer: z.ZodType<Answered<Answer>>;
  ask(endpoint: BusEndpoint, question: Question): Promise<Answer>;
}

const failure = z.strictObject({ error: ErrorRecord });

/** {@link Bus.send} */
export const sending: BusExchange<HostCommand, Accepted> = {
  what: "a command",
  question: HostCommand,
  answer: z.union([z.strictObject({ value: Accepted }), failure]),
  ask: (endpoint, command) => endpoint.send(command),
};

/** {@link Bus.status} */
export const statusAsking: BusExchange<string, HostReply> = {
  what: "a command's id",
  question: idOf("cmd"),
  answer: z.union([z.strictObject({ value: HostReply }), failure]),
  ask: (endpoint, commandId) => endpoint.status(commandId),
};

/** {@link Bus.cancel} */
export const cancelling: BusExchange<string, null> = {
  what: "a command's id",
  question: idOf("cmd"),
  answer: z.union([z.strictObject({ value: z.null() }), failure]),
  async ask(endpoint, commandId) {
    await endpoint.cancel(commandId);
    return null;
  },
};

/** The agent's side: reads the question, asks the endpoint, and writes its answer or its error. Never throws. */
export async function answerOf<Question, Answer>(
  exchange: BusExchange<Question, Answer>,
  endpoint: BusEndpoint,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  try {
    const question = decode(exchange.question, bytes, exchange.what);
    return encode({ value: await exchange.ask(endpoint, question) });
  } catch (error) {
    return encode({ error: errorRecord(error) });
  }
}

/**
 * The asker's side.
 * @throws CloudHostError what the agent answered, or `INTERNAL` when that is no answer
 */
export function readAnswer<Question, Answer>(exchange: BusExchange<Question, Answer>, bytes: Uint8Array): Answer {
  let answered: Answered<Answer>;
  try {
    answered = decode(exchange.answer, bytes, "an answer");
  } catch (cause) {
    const reason = CloudHostError.from(cause).message;
    throw new CloudHostError("INTERNAL", "The agent's answer cannot be read.", { reason }, { cause });
  }
  if ("error" in answered) throw CloudHostError.fromJSON(answered.error as ErrorJson);
  return answered.value;
}
