import { describeNotifier } from "@cloudhost/conformance";
import type { ReceiverBehaviour } from "@cloudhost/conformance";
import type { Notification } from "@cloudhost/core/ports";
import { webhookNotifier } from "../src/index.ts";
import { Receiver, status } from "./receiver.ts";
import type { Answer } from "./receiver.ts";

describeNotifier("a webhook", async () => {
  await using opened = new AsyncDisposableStack();
  const receiver = opened.use(await Receiver.open());
  const notifier = opened.use(webhookNotifier({ url: receiver.url, timeoutMs: 200, retries: 1, longestPauseMs: 1 }));
  const taken: Notification[] = [];
  const answers: Readonly<Record<ReceiverBehaviour, Answer>> = {
    takes: (response, { body }) => {
      taken.push(JSON.parse(body) as Notification);
      response.writeHead(204).end();
    },
    refuses: status(404),
    unavailable: status(503),
    silent: () => {},
  };
  receiver.answer = answers.takes;
  const stack = opened.move();
  return {
    notifier,
    received: () => taken,
    attempts: () => receiver.requests.length,
    behave: (behaviour) => void (receiver.answer = answers[behaviour]),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
});
