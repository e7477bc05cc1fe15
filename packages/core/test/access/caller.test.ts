import { describe, expect, it } from "vitest";
import { z } from "zod";
import { projectFilter, sees } from "../../src/access/caller.ts";
import { permissions } from "../../src/access/permissions.ts";
import type { Policy, PolicyRequest } from "../../src/access/policy.ts";
import type { Database } from "../../src/database/database.ts";
import { CloudHostError } from "../../src/errors.ts";
import { projectNamed, testCallers } from "../support/callers.ts";

const album = projectNamed("album");
const { caller } = testCallers(["album"]);
const amy = { userId: "amy", projectId: "album", roles: ["member" as const] };

const nothing = { schema: z.strictObject({}), input: {}, what: "nothing" };

describe("a caller", () => {
  it("of a project sees that project's things alone", async () => {
    const scope = await caller({ userId: "amy", projectId: "album", roles: ["member"] }).may("servers.get");
    expect(projectFilter(scope)).toBe(album.id);
    expect(sees(scope, album.id)).toBe(true);
    expect(sees(scope, "prj_other")).toBe(false);
    expect(sees(scope, null)).toBe(false);
  });

  it("who operates the cloud sees every project's, or one's when acting in one", async () => {
    const everywhere = await caller({ userId: "olga", roles: ["operator"] }).may("servers.get");
    expect(projectFilter(everywhere)).toBeUndefined();
    expect(sees(everywhere, "prj_other")).toBe(true);
    const inOne = await caller({ userId: "olga", projectId: "album", roles: ["operator"] }).may("servers.get");
    expect(sees(inOne, "prj_other")).toBe(false);
  });

  it("sees everywhere only by a role that allows the call itself", async () => {
    const both = caller({ userId: "ada", roles: ["member", "auditor"] });
    expect((await both.may("servers.get")).everywhere).toBe(true);
    await expect(both.change("servers.delete", nothing, async () => {})).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { issues: [{ path: "actor.projectId" }] },
    });
    const inAlbum = caller({ userId: "ada", projectId: "album", roles: ["member", "auditor"] });
    const scope = await inAlbum.change("images.delete", nothing, async (given) => given);
    expect(scope).toMatchObject({ everywhere: false, project: album });
  });

  it("is refused what none of the roles allows", async () => {
    const refused = caller({ userId: "amy", projectId: "album", roles: ["member"] }).may("hosts.list");
    await expect(refused).rejects.toMatchObject({
      code: "FORBIDDEN",
      details: { permission: "hosts.list", roles: ["member"] },
    });
  });

  it("of an unknown project is told so, and one of none too", async () => {
    const stranger = caller({ userId: "pat", projectId: "mail", roles: ["member"] });
    await expect(stranger.may("servers.get")).rejects.toMatchObject({ code: "NOT_FOUND", details: { id: "mail" } });
    const nowhere = caller({ userId: "pat", roles: ["member"] });
    await expect(nowhere.may("servers.get")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("is refused everything once the cloud closes", async () => {
    const closing = new AbortController();
    const late = caller({ userId: "olga", roles: ["operator"] }, { closing: closing.signal });
    await expect(late.may("hosts.list")).resolves.toBeDefined();
    closing.abort();
    await expect(late.may("hosts.list")).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it.each([
    undefined,
    null,
    "amy",
    {},
    { userId: "amy", roles: [] },
    { userId: "", roles: ["member"] },
    { userId: "a\0b", roles: ["member"] },
    { userId: "amy", roles: ["root"] },
    { userId: "amy", roles: ["member"], projectId: "a'; --" },
    { userId: "amy", roles: ["member"], admin: true },
  ])("is not made of %o", (actor) => {
    expect(() => caller(actor as never)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

it("gives auditors no line that changes anything", () => {
  const audited = Object.values(permissions).filter(({ roles }) => roles.includes("auditor"));
  expect(new Set(audited.map(({ effect }) => effect))).toEqual(new Set(["reads"]));
});

const Size = z.strictObject({ size: z.int().default(1), zone: z.string().optional() });
const asked = (input: unknown) => ({ schema: Size, input, what: "a size", find: async () => ({ id: "srv_1" }) });

describe("a change", () => {
  it("is done with its parsed input and what it is about", async () => {
    const given = await caller(amy).change("servers.stop", asked({}), async ({ project }, input, found) => ({
      project,
      input,
      found,
    }));
    expect(given).toEqual({ project: album, input: { size: 1 }, found: { id: "srv_1" } });
  });

  it("is logged with its commit, once", async () => {
    const { lines, caller: logged } = testCallers(["album"]);
    await logged({ ...amy, from: "192.0.2.7" }).change("servers.stop", asked({}), async ({ accepted }) =>
      accepted({ resources: ["srv_1"], operationId: "op_1" }),
    );
    const line = { userId: "amy", roles: ["member"], projectId: album.id, method: "servers.stop", from: "192.0.2.7" };
    expect(lines).toMatchObject([{ ...line, result: "accepted", resources: ["srv_1"], operationId: "op_1" }]);
  });

  it("is logged behind it where it commits nothing", async () => {
    const { lines, caller: logged } = testCallers(["album"]);
    await logged(amy).change("servers.stop", asked({}), async () => {});
    expect(lines).toMatchObject([{ result: "accepted", resources: ["srv_1"], projectId: album.id }]);
  });

  it.each([
    ["a role that may not", { ...amy, roles: ["auditor" as const] }, {}, "FORBIDDEN", []],
    ["another's project", { ...amy, projectId: "mail" }, {}, "NOT_FOUND", []],
    ["wrong input", amy, { size: "big" }, "INVALID_ARGUMENT", []],
    ["what the work refuses", amy, {}, "CONFLICT", ["srv_1"]],
  ])("is logged when it is refused: %s", async (_, actor, input, code, resources) => {
    const { lines, caller: logged } = testCallers(["album"]);
    const work = async (): Promise<never> => {
      throw new CloudHostError("CONFLICT", "no", { state: "x", allowed: [] });
    };
    await expect(logged(actor).change("servers.stop", asked(input), work)).rejects.toMatchObject({ code });
    expect(lines).toMatchObject([{ method: "servers.stop", result: "refused", code, resources }]);
  });

  it("stays done, and a refusal a refusal, when the log cannot be written", async () => {
    const database = {
      run: async () => {
        throw new Error("disk full");
      },
    } as unknown as Database;
    const alone = caller(amy, { database });
    expect(await alone.change("servers.stop", asked({}), async () => "done")).toBe("done");
    await expect(alone.change("servers.stop", asked({ size: "big" }), async () => {})).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });
});

it("logs a refused read, and no other", async () => {
  const { lines, caller: logged } = testCallers(["album"]);
  await logged(amy).may("servers.get");
  await expect(logged(amy).may("hosts.list")).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(lines).toMatchObject([{ method: "hosts.list", result: "refused", code: "FORBIDDEN" }]);
});

describe("the product's policy", () => {
  const under = (before: Policy["before"], input: unknown = {}, timeoutMs?: number) =>
    caller(amy, { policy: { before, ...(timeoutMs === undefined ? {} : { timeoutMs }) } }).change(
      "servers.stop",
      asked(input),
      async ({ accepted }, parsed) => {
        accepted({ resources: [] });
        return parsed;
      },
    );

  it("is told who asks for what, and cannot change what it is told", async () => {
    const seen: PolicyRequest[] = [];
    await under((request) => void seen.push(request), { size: 3 });
    expect(seen).toEqual([{ method: "servers.stop", actor: amy, project: album, target: "srv_1", input: { size: 3 } }]);
    expect(() => Object.assign(seen[0]?.input ?? {}, { size: 9 })).toThrow(TypeError);
    expect(() => (seen[0] as unknown as { actor: { roles: string[] } }).actor.roles.push("operator")).toThrow(
      TypeError,
    );
  });

  it("is not asked about what is refused anyhow, nor about reads", async () => {
    const before = (): never => expect.unreachable("asked");
    await expect(under(before, { size: "big" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(caller(amy, { policy: { before } }).may("servers.get")).resolves.toBeDefined();
  });

  it("may veto, with its reason and a code of its own", async () => {
    const vetoed = under(async () => ({ veto: { reason: "not on holidays", code: "holiday" } }));
    await expect(vetoed).rejects.toMatchObject({
      code: "VETOED",
      message: "not on holidays",
      retryable: false,
      details: { method: "servers.stop", reason: "not on holidays", code: "holiday", failed: false },
    });
  });

  it("may complete the input, which is parsed again", async () => {
    expect(await under(() => ({ complete: { zone: "az-1" } }), { size: 2 })).toEqual({ size: 2, zone: "az-1" });
    const wrong = under(() => ({ complete: { colour: "red" } }));
    await expect(wrong).rejects.toMatchObject({ code: "VETOED", details: { failed: true } });
  });

  it.each<[string, Policy["before"]]>([
    [
      "throws",
      () => {
        throw new Error("secret");
      },
    ],
    ["rejects", async () => Promise.reject(new Error("secret"))],
    ["answers nonsense", () => "yes" as never],
    ["answers null", () => null as never],
    ["answers two things", () => ({ veto: { reason: "x" }, complete: {} })],
    ["does not answer in time", () => new Promise(() => {})],
  ])("that %s refuses the request, and tells nothing of itself", async (_, before) => {
    const refused = under(before, {}, 20);
    await expect(refused).rejects.toMatchObject({ code: "VETOED", retryable: true, details: { failed: true } });
    await expect(refused).rejects.toSatisfy((error: Error) => !error.message.includes("secret"));
  });
});
