import type { Actor, Notification, Notifier } from "@cloudhost/core";
import { fakeFleet, fakeHost } from "@cloudhost/driver-fake";
import { amy, createTestCloud, olga } from "@cloudhost/testing";
import type { TestCloud } from "@cloudhost/testing";
import Fastify from "fastify";
import type { FastifyInstance, InjectOptions } from "fastify";
import type { Container } from "inversify";
import type { Cursor } from "../src/events/cursor-file.ts";
import { cloudRoutes } from "../src/http/routes.ts";
import { knownTokens } from "../src/identity/known-tokens.ts";
import { platform } from "../src/platform.ts";

/** The service on a test cloud: two plain hosts and one with four GPUs. */
export interface TestService extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly cloud: TestCloud;
  readonly container: Container;
  /** What was carried to the other service. */
  readonly carried: Notification[];
  readonly cursor: Cursor;
  /** What the next notifications fail with, one after another. */
  readonly failures: Error[];
  /** A request as Amy, or with another token, or with none. */
  request(request: InjectOptions, token?: string): Promise<{ status: number; location: unknown; body: never }>;
}

const gpuFlavor = { name: "g1.e1", vcpus: 1, milliEcuPerVcpu: 1000, memoryMib: 1024, systemDiskGib: 10 };
const people: Readonly<Record<string, Actor>> = {
  amy,
  olga,
  bob: { userId: "bob", projectId: "mail", roles: ["member"] },
  ada: { userId: "ada", projectId: "album", roles: ["auditor"] },
};

export async function openService(): Promise<TestService> {
  await using opened = new AsyncDisposableStack();
  const carried: Notification[] = [];
  const failures: Error[] = [];
  const notifier: Notifier = {
    name: "test",
    async notify(notification) {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      carried.push(notification);
    },
    async [Symbol.asyncDispose]() {},
  };
  const cursor = cursorInMemory();
  const ours = platform({ notifier, cursor });
  const hosts = [...fakeFleet({ hosts: 2 }), fakeHost({ name: "gpu-1", resources: { gpu: 4 } })];
  const cloud = opened.use(
    await createTestCloud({
      ...ours,
      hosts,
      flavors: [{ ...gpuFlavor, resources: { gpu: 1 } }],
      projects: ["mail"],
    }),
  );
  const app = Fastify();
  await app.register(cloudRoutes, { cloud, identity: knownTokens(people) });
  opened.defer(() => app.close());
  const stack = opened.move();
  return {
    app,
    cloud,
    container: ours.container,
    carried,
    cursor,
    failures,
    async request(request, token = "amy") {
      const authorization = token === "" ? {} : { authorization: `Bearer ${token}` };
      const response = await app.inject({ ...request, headers: { ...authorization, ...request.headers } });
      return { status: response.statusCode, location: response.headers.location, body: response.json<never>() };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function cursorInMemory(): Cursor {
  let at = 0;
  return { read: async () => at, write: async (cursor) => void (at = cursor) };
}
