import { CloudHostError, systemActor } from "@cloudhost/core";
import type { Logger } from "@cloudhost/core";
import { amy } from "@cloudhost/testing";
import * as core from "@cloudhost/core";
import * as inversify from "inversify";
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

/** Lets the service pass events on until this many more have been carried. */
async function carry(count: number): Promise<string[]> {
  const { cloud, container, carried } = service;
  const until = carried.length + count;
  const stop = new AbortController();
  const followed = container.get(EventFollower).follow(cloud.as(systemActor("test")), stop.signal);
  await expect.poll(() => carried.length, { interval: 5 }).toBe(until);
  stop.abort();
  await followed;
  return carried.slice(-count).map(({ kind }) => kind);
}

const createServer = async (name: string): Promise<void> => {
  const create = await service.cloud.as(amy).servers.create({ name, flavor: "c1.e1", image: "debian-12" });
  const server = await create.result();
  await service.cloud.as(amy).servers.ready(server.id);
  await service.cloud.clock.settled();
};

describe("events", () => {
  it("reach the other service in order, with who did what to whom", async () => {
    await createServer("web-1");
    const kinds = await carry(4);
    expect(kinds).toEqual([
      "image.import.succeeded",
      "server.create.succeeded",
      "server.guest.booting",
      "server.guest.ready",
    ]);
    const created = service.carried.find(({ kind }) => kind === "server.create.succeeded");
    expect(created).toMatchObject({ id: /^event-\d+$/, data: { userId: "amy", resourceId: /^srv_/ } });
  });

  it("go on behind the last one that was taken, however long the receiver was away", async () => {
    await createServer("web-2");
    service.failures.push(away(), away(), away());
    const before = service.carried.length;
    await carry(3);
    expect(new Set(service.carried.map(({ id }) => id)).size).toBe(before + 3);
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
