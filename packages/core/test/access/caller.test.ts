import { describe, expect, it } from "vitest";
import { Caller, projectFilter, sees } from "../../src/access/caller.ts";
import { permissions } from "../../src/access/permissions.ts";
import type { Actor } from "../../src/projects/model.ts";
import type { ProjectStore } from "../../src/projects/store.ts";

const album = { id: "prj_album", name: "album", createdAtMs: 1 };
const projects = { named: async (name: string) => (name === "album" ? album : undefined) } as unknown as ProjectStore;
const caller = (actor: Actor, closing?: AbortSignal): Caller => new Caller(actor, projects, closing);

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
    await expect(both.may("servers.delete")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { issues: [{ path: "actor.projectId" }] },
    });
    const inAlbum = caller({ userId: "ada", projectId: "album", roles: ["member", "auditor"] });
    expect(await inAlbum.may("images.delete")).toMatchObject({ everywhere: false, project: album });
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
    const late = caller({ userId: "olga", roles: ["operator"] }, closing.signal);
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
  const audited = Object.entries(permissions).filter(([, roles]) => (roles as readonly string[]).includes("auditor"));
  const verbs = new Set(audited.map(([permission]) => permission.split(".")[1]));
  expect(verbs).toEqual(new Set(["get", "list", "now", "read", "ready", "result"]));
});
