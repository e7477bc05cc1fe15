import { amy, olga } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { overDatabases } from "./over-databases.ts";
import { claimed, created, nothingClaimed, web } from "./web-server.ts";

overDatabases((open) => {
  describe("an operation", () => {
    it("can be cancelled by a member, and leaves nothing", async () => {
      const cloud = await open({ hosts: 1 });
      const album = cloud.as(amy);
      const create = await album.servers.create(web);
      expect(await album.operations.cancel(create.id)).toMatchObject({ id: create.id, cancellable: false });
      await expect(create.result()).rejects.toMatchObject({ code: "CANCELLED" });
      expect(await album.servers.get("web-1")).toMatchObject({ state: "error", fault: { code: "CANCELLED" } });
      expect(await claimed(cloud)).toEqual(nothingClaimed);
      const remove = await album.servers.delete("web-1");
      await expect(album.operations.cancel(remove.id)).rejects.toMatchObject({ code: "CONFLICT" });
      await remove.result();
    });

    it("has everything taken back when its deadline passes while its host is slow", async () => {
      const cloud = await open({ hosts: 1, timeoutsMs: { "server.create": 30_000 } });
      const album = cloud.as(amy);
      cloud.faults.failNext("host-1", "start", { times: Infinity, code: "HOST_UNAVAILABLE", retryable: true });
      const create = await album.servers.create({ ...web, timeoutMs: 1000 });
      expect((await album.operations.get(create.id)).deadlineMs).toBe(
        (await album.operations.get(create.id)).createdAtMs + 1000,
      );
      await expect(create.result()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", details: { timeoutMs: 1000 } });
      expect(await claimed(cloud)).toEqual(nothingClaimed);
      const other = await album.servers.create({ ...web, name: "web-2" });
      const { createdAtMs, deadlineMs } = await album.operations.get(other.id);
      expect(deadlineMs).toBe(createdAtMs + 30_000);
      await expect(other.result()).rejects.toMatchObject({ code: "HOST_UNAVAILABLE" });
    });

    it("that is stuck is seen by operators, and its server can be deleted once it is given up", async () => {
      const cloud = await open({ hosts: 1 });
      const [album, ops] = [cloud.as(amy), cloud.as(olga)];
      cloud.faults.failNext("host-1", "start", { times: 1, code: "CONFLICT" });
      cloud.faults.failNext("host-1", "remove", { times: 7, code: "CONFLICT" });
      const create = await album.servers.create(web);
      await expect(create.result()).rejects.toMatchObject({ code: "CONFLICT" });
      const [stuck] = await all(ops.operations.list({ state: "stuck" }));
      expect(stuck).toMatchObject({ id: create.id, step: "guest", stuck: { attempts: 7 } });
      await expect(album.servers.delete("web-1")).rejects.toMatchObject({ code: "CONFLICT" });
      const abandoned = await ops.operations.abandon(create.id, { reason: "its disk is broken" });
      expect(abandoned).toMatchObject({
        state: "failed",
        abandoned: { reason: "its disk is broken", userId: olga.userId },
      });
      expect(abandoned.abandoned?.leftOver).toContain("guest");
      expect(await album.servers.get("web-1")).toMatchObject({ state: "error", busy: false });
      expect((await claimed(cloud))["servers"]).toBe(1);
      await (await album.servers.delete("web-1")).result();
      expect(await claimed(cloud)).toEqual(nothingClaimed);
      expect(await created(album)).toMatchObject({ state: "active" });
    });

    it("that is stuck goes on when somebody retries it", async () => {
      const cloud = await open({ hosts: 1 });
      const album = cloud.as(amy);
      await created(album);
      cloud.faults.failNext("host-1", "remove", { times: 7, code: "CONFLICT" });
      const remove = await album.servers.delete("web-1");
      await expect(remove.result()).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await album.operations.get(remove.id)).toMatchObject({ state: "stuck", cancellable: false });
      const retried = await album.operations.retry(remove.id);
      expect(await retried.result()).toMatchObject({ state: "succeeded", stuck: null, error: null });
      expect(await all(album.servers.list())).toEqual([]);
    });
  });

  it("refuses a time limit for a kind of operation that there is not", async () => {
    await expect(open({ timeoutsMs: { "server.make": 1000 } })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { issues: [{ path: "timeoutsMs.server.make" }] },
    });
  });
});
