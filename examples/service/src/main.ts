import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createCloud, systemActor } from "@cloudhost/core";
import { fileSystemBackend, imageStore } from "@cloudhost/image-store";
import { webhookNotifier } from "@cloudhost/notifiers";
import Fastify from "fastify";
import { demonstrationHosts, demonstrationPeople, furnish } from "./demonstration.ts";
import { cursorFile } from "./events/cursor-file.ts";
import { EventFollower } from "./events/event-follower.ts";
import { logNotifier } from "./events/log-notifier.ts";
import { cloudRoutes } from "./http/routes.ts";
import { knownTokens } from "./identity/known-tokens.ts";
import { platform } from "./platform.ts";

const { PORT = "8080", STATE = "state", WEBHOOK_URL, WEBHOOK_SECRET } = process.env;
const state = resolve(STATE);
await mkdir(state, { recursive: true });

// Undone from the last to the first, when the process is told to end and when something of it does not open.
await using opened = new AsyncDisposableStack();
const ending = new AbortController();
const ended = once(ending.signal, "abort");
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ending.abort());

const app = Fastify({ logger: true });
const notifier =
  WEBHOOK_URL === undefined
    ? logNotifier(app.log)
    : webhookNotifier({ url: WEBHOOK_URL, ...(WEBHOOK_SECRET === undefined ? {} : { secret: WEBHOOK_SECRET }) });
opened.use(notifier);

const ours = platform({ notifier, cursor: cursorFile(join(state, "events.cursor")) });
const cloud = opened.use(
  await createCloud({
    ...ours,
    database: `sqlite:${join(state, "cloud.db")}`,
    images: imageStore({ backend: fileSystemBackend(join(state, "images")) }),
    hosts: demonstrationHosts(join(state, "hosts")),
    logger: app.log,
  }),
);
await furnish(cloud, state);

const follower = ours.container.get(EventFollower);
const followed = follower.follow(cloud.as(systemActor("events are passed on")), ending.signal).catch((err: unknown) => {
  app.log.fatal({ err }, "events cannot be passed on");
  ending.abort();
});
opened.defer(() => followed);

await app.register(cloudRoutes, { cloud, identity: knownTokens(demonstrationPeople) });
opened.defer(() => app.close());
await app.listen({ port: Number(PORT), host: "127.0.0.1" });
await ended;
