import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openService } from "./open-service.ts";
import type { TestService } from "./open-service.ts";

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service[Symbol.asyncDispose]());

const webServer = { name: "web-1", flavor: "c2.e4", image: "debian-12" };

/** Asks for a server and waits for the operation's end. */
async function create(server: object, headers: Record<string, string> = {}) {
  const { status, location, body } = await service.request({
    method: "POST",
    url: "/servers",
    payload: server,
    headers,
  });
  await service.cloud.clock.settled();
  return { status, location, ...(body as { operationId: string; serverId: string }) };
}

describe("servers", () => {
  it("are made, shown and deleted", async () => {
    const made = await create(webServer);
    expect(made).toMatchObject({ status: 202, location: `/operations/${made.operationId}` });
    const operation = await service.request({ url: made.location as string });
    expect(operation).toMatchObject({ status: 200, body: { kind: "server.create", state: "succeeded", percent: 100 } });
    const shown = await service.request({ url: `/servers/${made.serverId}` });
    expect(shown).toMatchObject({ status: 200, body: { name: "web-1", state: "active" } });

    const deleted = await service.request({ method: "DELETE", url: `/servers/${made.serverId}` });
    expect(deleted.status).toBe(202);
    await service.cloud.clock.settled();
    expect(await service.request({ url: `/servers/${made.serverId}` })).toMatchObject({
      status: 404,
      body: { error: { code: "NOT_FOUND" } },
    });
  });

  it("have the bandwidth of the company's own rule", async () => {
    const { serverId } = await create({ ...webServer, externalKbit: 5000 });
    expect(await service.request({ url: `/servers/${serverId}` })).toMatchObject({
      body: { internal: { rateKbit: 64_000, ceilKbit: 64_000 }, external: { rateKbit: 5000, ceilKbit: 5000 } },
    });
  });

  it("are made once for one idempotency key", async () => {
    const key = { "idempotency-key": "deploy-42/web-2" };
    const first = await create({ ...webServer, name: "web-2" }, key);
    expect(await create({ ...webServer, name: "web-2" }, key)).toEqual(first);
    const other = await service.request({
      method: "POST",
      url: "/servers",
      payload: { ...webServer, name: "web-3" },
      headers: key,
    });
    expect(other).toMatchObject({ status: 422, body: { error: { code: "IDEMPOTENCY_MISMATCH" } } });
  });

  it("are listed by pages", async () => {
    for (const name of ["page-1", "page-2", "page-3"]) await create({ ...webServer, flavor: "c1.e1", name });
    const names: string[] = [];
    for (let next: string | undefined = ""; next !== undefined;) {
      const url = `/servers?state=active&limit=2${next === "" ? "" : `&after=${next}`}`;
      const { body } = await service.request({ url });
      const page = body as { items: { name: string }[]; next?: string };
      expect(page.items.length).toBeLessThanOrEqual(2);
      names.push(...page.items.map(({ name }) => name));
      next = page.next;
    }
    expect(names).toEqual(expect.arrayContaining(["page-1", "page-2", "page-3"]));
  });

  it("count against the quota", async () => {
    const { body } = await service.request({ url: "/quota" });
    const { items } = body as { items: { quota: string; limit: number; used: number; available: number }[] };
    expect(items).toHaveLength(9);
    const servers = items.find(({ quota }) => quota === "servers");
    expect(servers).toMatchObject({ limit: 30, available: 30 - (servers?.used ?? 0) });
  });

  it("that do not fit are explained by their operation", async () => {
    const { operationId } = await create({ ...webServer, name: "greedy", externalKbit: 99_999 });
    const { body } = await service.request({ url: `/operations/${operationId}` });
    expect(body).toMatchObject({
      state: "failed",
      error: {
        code: "QUOTA_EXCEEDED",
        details: { exceeded: [{ quota: "externalKbit", need: 99_999, limit: 100_000 }] },
      },
    });
  });
});

describe("errors", () => {
  it("say which fields are wrong", async () => {
    const { status, body } = await service.request({
      method: "POST",
      url: "/servers",
      payload: { name: "a b", flavour: 1 },
    });
    expect(status).toBe(400);
    const { error } = body as { error: { code: string; details: { issues: { path: string }[] } } };
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.details.issues.map(({ path }) => path)).toEqual(expect.arrayContaining(["name", "flavor", "image"]));
  });

  it.each([
    [
      "no JSON",
      { method: "POST", url: "/servers", payload: "{", headers: { "content-type": "application/json" } },
      400,
    ],
    ["no body", { method: "POST", url: "/servers" }, 400],
    ["a limit that is no number", { url: "/servers?limit=many" }, 400],
    ["a filter that there is not", { url: "/servers?colour=red" }, 400],
    ["a flavor that there is not", { method: "POST", url: "/servers", payload: { ...webServer, flavor: "x" } }, 404],
    ["a server that there is not", { url: "/servers/web-99" }, 404],
    ["a route that there is not", { url: "/nothing" }, 404],
  ] as const)("answer %s", async (_, request, status) => {
    const answer = await service.request(request);
    expect(answer).toMatchObject({ status, body: { error: { retryable: false, details: {} } } });
  });

  it("are 401 without a token that somebody gave out", async () => {
    const asked = { url: "/servers" };
    expect(await service.request(asked, "")).toMatchObject({ status: 401 });
    expect(await service.request(asked, "mallory")).toMatchObject({ status: 401 });
    const { headers } = await service.app.inject(asked);
    expect(headers["www-authenticate"]).toBe("Bearer");
  });

  it("are 403 for what somebody's roles do not allow", async () => {
    const asked = { method: "POST", url: "/servers", payload: webServer } as const;
    expect(await service.request(asked, "ada")).toMatchObject({
      status: 403,
      body: { error: { code: "FORBIDDEN", details: { permission: "servers.create", roles: ["auditor"] } } },
    });
  });

  it("do not tell another project's server from none", async () => {
    const { serverId } = await create({ ...webServer, flavor: "c1.e1", name: "private" });
    const foreign = await service.request({ url: `/servers/${serverId}` }, "bob");
    const none = await service.request({ url: "/servers/srv_00000000000000000000000000" }, "bob");
    expect(foreign.status).toBe(404);
    expect(JSON.stringify(foreign.body).replaceAll(serverId, "ID")).toBe(
      JSON.stringify(none.body).replaceAll("srv_00000000000000000000000000", "ID"),
    );
  });
});
