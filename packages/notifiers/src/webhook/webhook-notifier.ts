import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { LookupFunction } from "node:net";
import { parseInput, systemClock } from "@cloudhost/core/ports";
import type { Clock, Notification, Notifier } from "@cloudhost/core/ports";
import got from "got";
import type { z } from "zod";
import { answered, cancelled, passingStatusCodes, refusalOf } from "./failure.ts";
import { Message } from "./message.ts";
import { WebhookOptions } from "./options.ts";
import type { WebhookNotifierOptions } from "./options.ts";
import { headerNames, signatureOf } from "./signature.ts";

/** Nobody reads a receiver's answer; one that does not end is not waited for. */
const longestAnswerBytes = 65_536;

/**
 * Posts each notification as JSON to one address. What may help is tried again, with the same id; a redirection is
 * not followed, so that messages go where they were meant to go. With a secret they are signed, and the receiver
 * checks them with {@link verifyWebhook} or any library of the specification "Standard Webhooks".
 *
 * @throws CloudHostError `INVALID_ARGUMENT`
 * @example
 * await using notifier = webhookNotifier({ url: "https://tickets.example/hooks/cloud", secret });
 * await notifier.notify({ id: "evt-17", kind: "server.create.failed", atMs, data: { resourceId } });
 */
export function webhookNotifier({ clock, ...options }: WebhookNotifierOptions): Notifier {
  const { secret, ...data } = parseInput(WebhookOptions, options, "a webhook");
  return new WebhookNotifier(data, { secrets: secret === undefined ? [] : [secret], clock });
}

/** What a webhook has besides its data. */
interface Means {
  /** Each signs each message. */
  readonly secrets: readonly string[];
  /** Resolves names. @defaultValue Node's */
  readonly lookup?: LookupFunction | undefined;
  readonly clock?: Pick<Clock, "nowMs"> | undefined;
}

/** A webhook of options that come from elsewhere than its maker. */
export const openWebhook = (options: z.input<typeof WebhookOptions>, means: Means): Notifier =>
  new WebhookNotifier(parseInput(WebhookOptions, options, "a webhook"), means);

class WebhookNotifier implements Notifier {
  readonly name: string;
  readonly #host: string;
  readonly #options: Omit<WebhookOptions, "secret">;
  readonly #secrets: readonly string[];
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #agents: { readonly http: HttpAgent; readonly https: HttpsAgent };

  constructor(options: Omit<WebhookOptions, "secret">, { secrets, lookup, clock = systemClock() }: Means) {
    // Its path and user may be secrets.
    this.#host = new URL(options.url).host;
    this.name = `webhook to ${this.#host}`;
    this.#options = options;
    this.#secrets = secrets;
    this.#clock = clock;
    const connecting = { keepAlive: true, ...(lookup === undefined ? {} : { lookup }) };
    this.#agents = { http: new HttpAgent(connecting), https: new HttpsAgent(connecting) };
  }

  async notify(notification: Notification, signal?: AbortSignal): Promise<void> {
    const message = parseInput(Message, notification, "a notification");
    const either = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    const posted = this.#post(message, either);
    this.#underWay.add(posted);
    try {
      await posted;
    } finally {
      this.#underWay.delete(posted);
    }
  }

  /** Cancels what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#underWay);
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  async #post(message: Message, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw cancelled(this.#host);
    const { url, headers, timeoutMs, retries, longestPauseMs } = this.#options;
    const body = JSON.stringify(message);
    const tooLong = new AbortController();
    let status: number;
    try {
      const request = got.post(url, {
        body,
        headers: { ...headers, "content-type": "application/json", "user-agent": "cloudhost" },
        agent: this.#agents,
        timeout: { request: timeoutMs },
        retry: {
          limit: retries,
          methods: ["POST"],
          statusCodes: [...passingStatusCodes],
          backoffLimit: longestPauseMs,
          maxRetryAfter: longestPauseMs,
        },
        followRedirect: false,
        decompress: false,
        signal: AbortSignal.any([signal, tooLong.signal]),
        // Anew at each attempt: a message is valid for some minutes after its timestamp.
        hooks: { beforeRequest: [(attempt) => void Object.assign(attempt.headers, this.#stamp(message.id, body))] },
      });
      void request.on("downloadProgress", ({ transferred }) => {
        if (transferred > longestAnswerBytes)
          tooLong.abort(new Error(`its answer is longer than ${longestAnswerBytes} bytes`));
      });
      status = (await request).statusCode;
    } catch (error) {
      throw signal.aborted ? cancelled(this.#host) : refusalOf(this.#host, error);
    }
    // A redirection that is not followed is no error of the client's.
    if (status >= 300) throw answered(this.#host, status);
  }

  #stamp(id: string, body: string): Record<string, string> {
    const timestamp = Math.floor(this.#clock.nowMs() / 1000);
    const stamped = { [headerNames.id]: id, [headerNames.timestamp]: String(timestamp) };
    if (this.#secrets.length === 0) return stamped;
    const signatures = this.#secrets.map((secret) => signatureOf({ id, timestamp, body }, secret));
    return { ...stamped, [headerNames.signature]: signatures.join(" ") };
  }
}
