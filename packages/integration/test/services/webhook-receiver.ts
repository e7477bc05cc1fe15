import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Notification } from "@cloudhost/core";
import { verifyWebhook } from "@cloudhost/notifiers";

/** What a receiver answers: a status, or nothing at all. */
export type Answer = number | "nothing";

/** Somebody's service that takes webhooks, and checks that they are ours. */
export class WebhookReceiver implements AsyncDisposable {
  /** What was verified, in order, repeats and what was then refused included. */
  readonly messages: Notification[] = [];
  /** Why what came was not ours. */
  readonly faults: unknown[] = [];
  /** The next answer to a message. */
  answer: (message: Notification) => Answer = () => 204;
  secret = "";
  readonly #server = createServer((request, response) => void this.#take(request, response));

  static async open(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    receiver.#server.listen(0, "127.0.0.1");
    await once(receiver.#server, "listening");
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  /** The kinds of what came, of tests none. */
  get kinds(): readonly string[] {
    return this.messages.map(({ kind }) => kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    try {
      const message = verifyWebhook({ headers: request.headers, body, secret: this.secret });
      this.messages.push(message);
      const answer = this.answer(message);
      if (answer !== "nothing") response.writeHead(answer).end();
    } catch (error) {
      this.faults.push(error);
      response.writeHead(401).end();
    }
  }
}
