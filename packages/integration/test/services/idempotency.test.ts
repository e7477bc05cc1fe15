import { amy, olga } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { created, web } from "./web-server.ts";
import { overDatabases } from "./over-databases.ts";

const tiny = { vcpus: 1, milliEcuPerVcpu: 100, memoryMib: 64, systemDiskGib: 1 };

overDatabases((open) => {
  describe("the same idempotency key", () => {
    it("gives the same operation, and another request is refused", async () => {
      const cloud = await open();
      const album = cloud.as(amy);
      const idempotencyKey = "deploy-42/web-1";
      const both = await Promise.all([
        album.servers.create({ ...web, idempotencyKey }),
        album.servers.create({ idempotencyKey, ...web, externalKbit: 0 }),
      ]);
      expect(both[0].id).toBe(both[1].id);
      expect(await both[0].result()).toEqual(await both[1].result());
      const other = album.servers.create({ ...web, idempotencyKey, name: "web-2" });
      await expect(other).rejects.toMatchObject({
        code: "IDEMPOTENCY_MISMATCH",
        details: { key: idempotencyKey, operationId: both[0].id },
      });
      expect(await all(album.servers.list())).toHaveLength(1);
    });

    it("is known also when what the request names is gone", async () => {
      const cloud = await open({ flavors: [{ ...tiny, name: "tiny" }] });
      const album = cloud.as(amy);
      const request = { ...web, flavor: "tiny", idempotencyKey: "once" };
      const first = await album.servers.create(request);
      const { id } = await first.result();
      await cloud.as(olga).flavors.delete("tiny");
      expect((await album.servers.create(request)).id).toBe(first.id);
      const remove = await album.servers.delete(id, { idempotencyKey: "gone" });
      await remove.result();
      const again = await album.servers.delete(id, { idempotencyKey: "gone" });
      expect(again.id).toBe(remove.id);
      await expect(again.result()).resolves.toBeUndefined();
    });

    it("stops a server once, also for two who ask at the same time", async () => {
      const cloud = await open();
      const album = cloud.as(amy);
      await created(album);
      const stop = () => album.servers.stop("web-1", { graceMs: 0, idempotencyKey: "night" });
      const [one, other] = await Promise.all([stop(), stop()]);
      expect(one.id).toBe(other.id);
      await one.result();
      expect((await stop()).id).toBe(one.id);
    });
  });

  describe("two of one name at once", () => {
    it.each(["flavors", "keypairs", "projects"] as const)("are one and a CONFLICT, for %s", async (namespace) => {
      const cloud = await open({ hosts: 1 });
      const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIARH64Mw7wZfW/5z0RiDkkz4N4Kb2xYpgjx834SIHPLo amy";
      const make = () =>
        namespace === "flavors"
          ? cloud.as(olga).flavors.create({ ...tiny, name: "same" })
          : namespace === "keypairs"
            ? cloud.as(amy).keypairs.import({ name: "same", publicKey })
            : cloud.as(olga).projects.create({ name: "same" });
      const attempts = await Promise.allSettled([make(), make(), make()]);
      expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const refusals = attempts.flatMap((attempt): unknown[] =>
        attempt.status === "rejected" ? [attempt.reason] : [],
      );
      const taken = { code: "CONFLICT", details: { state: "taken" } };
      expect(refusals).toMatchObject([taken, taken]);
    });
  });
});
