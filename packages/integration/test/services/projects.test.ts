import { mibFromGib, quotaNames, systemActor } from "@cloudhost/core";
import type { Actor, CloudHostError } from "@cloudhost/core";
import { amy } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { overDatabases } from "./over-databases.ts";
import { claimed, nothingClaimed } from "./web-server.ts";

const ops: Actor = { userId: "olga", roles: ["operator"] };
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIARH64Mw7wZfW/5z0RiDkkz4N4Kb2xYpgjx834SIHPLo amy@laptop";
const web = { name: "web", flavor: "c1.e1", image: "debian-12" };

overDatabases((open) => {
  describe("a project", () => {
    it("has the limits that the product, and then the operator, says", async () => {
      const cloud = await open({ hosts: 1, quotas: { servers: 5, vcpus: 7 } });
      const { projects } = cloud.as(ops);
      await projects.create({ name: "photos", quotas: { vcpus: 9 } });
      const use = await cloud.as({ ...amy, projectId: "photos" }).quotas.get();
      const limits = Object.fromEntries(use.map(({ quota, limit }) => [quota, limit]));
      expect(limits).toMatchObject({ servers: 5, vcpus: 9, milliEcu: 120_000 });
    });

    it("takes nothing new while it is suspended, and keeps what it has", async () => {
      const cloud = await open({ hosts: 1 });
      const album = cloud.as(amy);
      const { projects } = cloud.as(ops);
      const server = await (await album.servers.create(web)).result();
      expect(await projects.suspend("album")).toMatchObject({ name: "album", state: "suspended" });
      const refused = { code: "CONFLICT", details: { state: "suspended", allowed: ["active"] } };
      await expect(album.servers.create({ ...web, name: "web-2" })).rejects.toMatchObject(refused);
      await expect(album.keypairs.import({ name: "amy", publicKey })).rejects.toMatchObject(refused);
      await expect(album.images.snapshot(server.id, { name: "kept" })).rejects.toMatchObject(refused);
      await (await album.servers.stop(server.id, { graceMs: 0 })).result();
      await (await album.servers.delete(server.id)).result();
      await projects.resume("album");
      expect((await (await album.servers.create(web)).result()).state).toBe("active");
    });

    it("is deleted when it is empty, and its name and its mark are free again", async () => {
      const cloud = await open({ hosts: 1 });
      const { projects } = cloud.as(ops);
      const album = cloud.as(amy);
      const { id } = await projects.get("album");
      const server = await (await album.servers.create(web)).result();
      await album.keypairs.import({ name: "amy", publicKey });
      await expect(projects.delete("album")).rejects.toMatchObject({
        code: "CONFLICT",
        details: { state: expect.stringMatching(/1 servers, .*1 keypairs/) as string, allowed: ["empty"] },
      });
      await (await album.servers.delete(server.id)).result();
      await album.keypairs.delete("amy");
      for await (const image of cloud.as({ ...ops, projectId: "album" }).images.list()) {
        if (image.projectId === id) await (await cloud.as(ops).images.delete(image.id)).result();
      }
      await projects.delete("album");
      await expect(album.servers.list().page()).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect((await all(projects.list())).map(({ name }) => name)).not.toContain("album");
      const again = await projects.create({ name: "album" });
      expect(again.id).not.toBe(id);
      await projects.create({ name: "photos" });
      await projects.delete("album");
      await projects.delete("photos");
      const lines = await all(cloud.as(ops).log.list({ resource: id, method: "projects.delete" }));
      expect(lines.map(({ result }) => result)).toEqual(["refused", "accepted"]);
    });

    it("is deleted with everything of it, whatever that is in", async () => {
      const cloud = await open({ hosts: 2, busFaults: {} });
      const [album, operator] = [cloud.as(amy), cloud.as(ops)];
      const { id } = await operator.projects.get("album");
      await album.serverGroups.create({ name: "apart", policy: "anti-affinity" });
      await Promise.all(
        ["active", "stopped", "kept"].map(async (name) =>
          (await album.servers.create({ ...web, name, group: name === "active" ? "apart" : undefined })).result(),
        ),
      );
      await (await album.servers.stop("stopped", { graceMs: 0 })).result();
      await (await album.images.snapshot("stopped", { name: "kept" })).result();
      await operator.servers.lock((await album.servers.get("stopped")).id);
      await (await album.servers.delete("kept", { restoreMs: 86_400_000 })).result();
      for (const host of ["host-1", "host-2"]) {
        cloud.faults.failNext(host, "start", { code: "CONFLICT" });
        cloud.faults.failNext(host, "remove", { times: Infinity });
      }
      const stuck = await album.servers.create({ ...web, name: "stuck" });
      await stuck.result().catch(() => {});
      expect(await album.operations.get(stuck.id)).toMatchObject({ state: "stuck" });
      cloud.faults.clear();
      await album.keypairs.import({ name: "amy", publicKey });
      await cloud.as({ ...amy, roles: ["projectAdmin"] }).members.add({ userId: "pat" });
      await album.quotaRequests.create({ limits: { servers: 60 }, reason: "more" });

      const gone = await operator.projects.delete("album", { everything: true });
      expect(gone.resourceId).toBe(id);
      await expect(album.servers.create(web)).rejects.toMatchObject({
        code: "CONFLICT",
        details: { state: "deleting" },
      });
      await expect(operator.projects.resume("album")).rejects.toMatchObject({ code: "CONFLICT" });
      expect((await operator.projects.delete("album", { everything: true })).id).toBe(gone.id);
      await expect(operator.operations.cancel(gone.id)).rejects.toMatchObject({ code: "CONFLICT" });
      await gone.result();

      await expect(album.servers.list().page()).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect((await all(operator.servers.list())).filter(({ projectId }) => projectId === id)).toEqual([]);
      expect(await claimed(cloud)).toEqual(nothingClaimed);
      expect(await operator.hosts.auditUsage()).toEqual([]);
      const lines = await all(operator.log.list({ resource: id, method: "projects.delete" }));
      expect(lines.map(({ result }) => result)).toEqual(["accepted", "accepted", "succeeded"]);
      const again = await operator.projects.create({ name: "album" });
      await expect(operator.projects.delete(again.id)).resolves.toBeUndefined();
    });

    it("has another name from one request to the next", async () => {
      const cloud = await open({ hosts: 1, projects: ["mail"] });
      const { projects } = cloud.as(ops);
      await expect(projects.rename("album", { name: "mail" })).rejects.toMatchObject({ code: "CONFLICT" });
      const { id } = await projects.get("album");
      expect(await projects.rename("album", { name: "photos" })).toMatchObject({ id, name: "photos" });
      expect(await projects.get("photos")).toMatchObject({ id });
      await expect(projects.get("album")).rejects.toMatchObject({ code: "NOT_FOUND" });
    });
  });

  describe("members", () => {
    it("are added, made admins, listed and removed by the project's admins", async () => {
      const cloud = await open({ hosts: 1, projects: ["mail"] });
      const admin = cloud.as({ userId: "ada", projectId: "album", roles: ["projectAdmin"] });
      await admin.members.add({ userId: "pat" });
      await expect(admin.members.add({ userId: "pat" })).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await admin.members.setRole("pat", { role: "projectAdmin" })).toMatchObject({ role: "projectAdmin" });
      await admin.members.add({ userId: "bob" });
      const who = (await all(admin.members.list())).map(({ userId, role }) => `${userId} ${role}`);
      expect(who).toEqual(["bob member", "pat projectAdmin"]);
      const mail = cloud.as({ userId: "max", projectId: "mail", roles: ["projectAdmin"] });
      expect(await all(mail.members.list())).toEqual([]);
      await expect(mail.members.remove("pat")).rejects.toMatchObject({ code: "NOT_FOUND" });
      await admin.members.remove("pat");
      await expect(admin.members.setRole("pat", { role: "member" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    it("are what counts where the product says so", async () => {
      const cloud = await open({ hosts: 1, projectRoles: "members" });
      const pat = cloud.as({ userId: "pat", projectId: "album", roles: ["projectAdmin"] });
      await expect(pat.servers.list().page()).rejects.toMatchObject({ code: "NOT_FOUND" });
      const { members } = cloud.as({ ...ops, projectId: "album" });
      await members.add({ userId: "pat" });
      expect(await all(pat.servers.list())).toEqual([]);
      await expect(pat.members.add({ userId: "bob" })).rejects.toMatchObject({ code: "FORBIDDEN" });
      await members.setRole("pat", { role: "projectAdmin" });
      await pat.members.add({ userId: "bob" });
      await members.remove("pat");
      await expect(pat.servers.list().page()).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect((await cloud.as(ops).projects.get("album")).name).toBe("album");
    });
  });

  describe("a request for quota", () => {
    const limitOf = async (cloud: Awaited<ReturnType<typeof open>>, quota: string): Promise<number | undefined> =>
      (await cloud.as(amy).quotas.get()).find((use) => use.quota === quota)?.limit;

    it("is decided by an operator, and the limits follow; one that is higher by then stays", async () => {
      const cloud = await open({ hosts: 1 });
      const album = cloud.as(amy);
      const operator = cloud.as(ops);
      const limits = { servers: 60, vcpus: 100 };
      const request = await album.quotaRequests.create({ limits, reason: "the summer campaign" });
      expect(request).toMatchObject({ state: "open", limits, userId: "amy" });
      await expect(album.quotaRequests.create({ limits, reason: "again" })).rejects.toMatchObject({ code: "CONFLICT" });
      await operator.quotas.set("album", { vcpus: 500 });
      const approved = await operator.quotaRequests.approve(request.id, { reason: "enjoy" });
      expect(approved).toMatchObject({ state: "approved", granted: limits, decidedBy: "olga", decision: "enjoy" });
      expect(await album.quotaRequests.get(request.id)).toEqual(approved);
      expect(await limitOf(cloud, "servers")).toBe(60);
      expect(await limitOf(cloud, "vcpus")).toBe(500);
      await expect(operator.quotaRequests.reject(request.id, { reason: "late" })).rejects.toMatchObject({
        code: "CONFLICT",
        details: { state: "approved", allowed: ["open"] },
      });
    });

    it("may be granted in part, never beyond what was asked; rejected; and withdrawn", async () => {
      const cloud = await open({ hosts: 1 });
      const { quotaRequests: mine } = cloud.as(amy);
      const { quotaRequests } = cloud.as(ops);
      const first = await mine.create({ limits: { servers: 60, vcpus: 100 }, reason: "more" });
      for (const limits of [{ memoryMib: 1 }, { servers: 61 }, { servers: -1 }, {}]) {
        await expect(quotaRequests.approve(first.id, { limits })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      }
      await quotaRequests.approve(first.id, { limits: { servers: 40 } });
      expect(await limitOf(cloud, "servers")).toBe(40);
      expect(await limitOf(cloud, "vcpus")).toBe(60);
      const second = await mine.create({ limits: { diskGib: 1 }, reason: "less" });
      expect(await quotaRequests.reject(second.id, { reason: "no" })).toMatchObject({
        state: "rejected",
        decision: "no",
      });
      const third = await mine.create({ limits: { servers: -1 }, reason: "all" });
      expect(await mine.withdraw(third.id)).toMatchObject({ state: "withdrawn" });
      expect(await all(quotaRequests.list({ state: "open" }))).toEqual([]);
      expect(await limitOf(cloud, "servers")).toBe(40);
      const lines = await all(cloud.as(ops).log.list({ resource: second.id }));
      expect(lines.map(({ method }) => method)).toEqual(["quotaRequests.create", "quotaRequests.reject"]);
    });

    it("is decided once when two decide at the same time", async () => {
      const cloud = await open({ hosts: 1 });
      const { id } = await cloud.as(amy).quotaRequests.create({ limits: { servers: 60 }, reason: "more" });
      const { quotaRequests } = cloud.as(ops);
      const outcomes = await Promise.allSettled([
        quotaRequests.approve(id),
        quotaRequests.reject(id, { reason: "no" }),
        quotaRequests.approve(id),
      ]);
      const said = outcomes.map((outcome) =>
        outcome.status === "fulfilled" ? "decided" : (outcome.reason as CloudHostError).code,
      );
      expect(said.toSorted()).toEqual(["CONFLICT", "CONFLICT", "decided"]);
    });
  });

  it("shows a project's own page in one answer, in base units", async () => {
    // The figures of a page that was in use: 7 servers, 17 vCPUs, 52 EUCU, 90 GB and 36 GB, 20 Mb/s.
    const size = { systemDiskGib: 10, milliEcuPerVcpu: 4000 };
    const flavors = [
      { ...size, name: "four", vcpus: 4, milliEcuPerVcpu: 2000, memoryMib: mibFromGib(4) },
      { ...size, name: "two", vcpus: 2, memoryMib: mibFromGib(6) },
      { ...size, name: "one", vcpus: 1, memoryMib: mibFromGib(4), systemDiskGib: 30 },
    ];
    const cloud = await open({ hosts: 3, flavors });
    const album = cloud.as(amy);
    await cloud.as(systemActor("no limit of disk")).quotas.set("album", { externalKbit: 100_000 });
    const bought = ["four", "four", "two", "two", "two", "two", "one"];
    const creates = await Promise.all(
      bought.map((flavor, index) =>
        album.servers.create({ ...web, name: `web-${index}`, flavor, externalKbit: index < 4 ? 5000 : 0 }),
      ),
    );
    const [first] = await Promise.all(creates.map((create) => create.result()));
    await (await album.servers.stop(first?.id ?? "", { graceMs: 0 })).result();
    const request = await album.quotaRequests.create({ limits: { servers: 40 }, reason: "more" });
    const summary = await album.projects.summary();
    expect(summary.quotas.map(({ quota }) => quota)).toEqual(quotaNames);
    const shown = summary.quotas.map(({ quota, used, limit, available }) => [quota, used, limit, available]);
    expect(shown).toEqual([
      ["servers", 7, 30, 23],
      ["vcpus", 17, 60, 43],
      ["milliEcu", 52_000, 120_000, 68_000],
      ["internalFloatingIps", 0, 30, 30],
      ["externalFloatingIps", 0, 0, 0],
      ["securityGroups", 0, 30, 30],
      ["diskGib", 90, -1, -1],
      ["memoryMib", mibFromGib(36), mibFromGib(120), mibFromGib(84)],
      ["externalKbit", 20_000, 100_000, 80_000],
    ]);
    expect(summary.servers).toEqual({ total: 7, byState: { active: 6, stopped: 1 } });
    expect(summary.images).toEqual({ count: 0, logicalBytes: 0 });
    expect(summary).toMatchObject({ project: { name: "album", state: "active" }, quotaRequest: request });
  });
});
