import { CloudHostError, systemActor } from "@cloudhost/core";
import type { CloudEvent, Logger } from "@cloudhost/core";
import { amy, olga } from "@cloudhost/testing";
import * as core from "@cloudhost/core";
import * as inversify from "inversify";
import { lastValueFrom, take, toArray } from "rxjs";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EventFollower } from "../src/events/event-follower.ts";
import { openService } from "./open-service.ts";
import type { TestService } from "./open-service.ts";

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service[Symbol.asyncDispose]());

const away = (): CloudHostError =>
  new CloudHostError("HOST_UNAVAILABLE", "away", { host: "tickets", reason: "away" }, { retryable: true });

/** Lets the service pass events on until it has told of this server. */
async function carryUntilTold(serverId: string): Promise<void> {
  const { cloud, container, carried } = service;
  const stop = new AbortController();
  const followed = container.get(EventFollower).follow(cloud.as(systemActor("test")), stop.signal);
  const told = (): boolean =>
    carried.some(({ kind, data }) => kind === "server.create.succeeded" && data["resourceId"] === serverId);
  await expect.poll(told, { interval: 5 }).toBe(true);
  stop.abort();
  await followed;
}

/** The first events of the cloud's outbox. */
const outbox = (count: number): Promise<CloudEvent[]> =>
  lastValueFrom(service.cloud.as(olga).events().pipe(take(count), toArray()));

const createServer = async (name: string): Promise<string> => {
  const create = await service.cloud.as(amy).servers.create({ name, flavor: "c1.e1", image: "debian-12" });
  return (await create.result()).id;
};

describe("events", () => {
  it("reach the other service, with who did what to whom", async () => {
    const resourceId = await createServer("web-1");
    await carryUntilTold(resourceId);
    const created = service.carried.find(({ kind }) => kind === "server.create.succeeded");
    expect(created?.data).toMatchObject({ userId: "amy", resourceId });
  });

  it("are carried once each and in order, however long the receiver was away", async () => {
    const serverId = await createServer("web-2");
    service.failures.push(away(), away(), away());
    await carryUntilTold(serverId);
    const { carried } = service;
    const written = await outbox(carried.length);
    expect(carried.map(({ id, kind }) => [id, kind])).toEqual(
      written.map(({ cursor, kind }) => [`event-${cursor}`, kind]),
    );
  });

  it("stop when they are told to, also while the receiver is away", async () => {
    await createServer("web-3");
    const { cloud, container, carried, failures } = service;
    failures.push(...Array.from({ length: 100_000 }, away));
    const stop = new AbortController();
    const before = carried.length;
    const followed = container.get(EventFollower).follow(cloud.as(systemActor("test")), stop.signal);
    await expect.poll(() => failures.length, { interval: 5 }).toBeLessThan(100_000);
    stop.abort();
    await followed;
    expect(carried).toHaveLength(before);
  });
});

describe("a class that another compiler decorated", () => {
  it("resolves from the same container", () => {
    const { Greeter } = compiled(`
      import { inject, injectable } from "inversify";
      import { tokens } from "@cloudhost/core";
      @injectable()
      export class Greeter {
        constructor(@inject(tokens.logger) readonly logger: unknown) {}
      }
    `) as { Greeter: new (logger: Logger) => { readonly logger: Logger } };
    service.container.bind(Greeter).toSelf();
    expect(service.container.get(Greeter).logger).toBe(service.container.get(core.tokens.logger));
  });
});

/** A module as a product's own compiler makes it, with legacy decorators. */
function compiled(source: string): Record<string, unknown> {
  const compilerOptions = {
    experimentalDecorators: true,
    module: ts.ModuleKind.CommonJS,
    target: ts.ScriptTarget.ES2022,
  };
  const { outputText } = ts.transpileModule(source, { compilerOptions });
  const modules: Readonly<Record<string, unknown>> = { inversify, "@cloudhost/core": core };
  const exports: Record<string, unknown> = {};
  // oxlint-disable-next-line typescript/no-implied-eval -- it is the text above
  new Function("exports", "require", outputText)(exports, (name: string) => modules[name]);
  return exports;
}
