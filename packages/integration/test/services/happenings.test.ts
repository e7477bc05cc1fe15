import type { OperationProgress } from "@cloudhost/core";
import { amy, olga } from "@cloudhost/testing";
import { lastValueFrom, takeWhile, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { created, web } from "./web-server.ts";
import { overDatabases } from "./over-databases.ts";

overDatabases((open) => {
  describe("what happens", () => {
    it("is told in its order", async () => {
      const cloud = await open({ hosts: 1 });
      const album = cloud.as(amy);
      const { id } = await created(album);
      await album.servers.ready(id);
      await (await album.servers.stop(id)).result();
      await (await album.servers.delete(id)).result();
      const happened = cloud
        .as(olga)
        .events()
        .pipe(
          takeWhile(({ kind }) => kind !== "server.delete.succeeded", true),
          toArray(),
        );
      const events = await lastValueFrom(happened);
      const kinds = events
        .filter(({ resourceId, kind }) => resourceId === id && !kind.includes("guest"))
        .map(({ kind }) => kind);
      expect(kinds).toEqual(["server.create.succeeded", "server.stop.succeeded", "server.delete.succeeded"]);
      const cursors = events.map(({ cursor }) => cursor);
      expect(cursors).toEqual(cursors.toSorted((a, b) => a - b));
      expect(events.find(({ kind }) => kind === "server.guest.ready")).toMatchObject({ resourceId: id });
      expect(events.find(({ kind }) => kind === "server.create.succeeded")).toMatchObject({ userId: "amy" });
    });

    it("is told while it happens, only ever forward, to its end", async () => {
      const cloud = await open({ hosts: 2 });
      const album = cloud.as(amy);
      const stories = await Promise.all(
        Array.from({ length: 8 }, async (_, index) => {
          const create = await album.servers.create({ ...web, name: `web-${index}` });
          return lastValueFrom(create.progress.pipe(toArray()));
        }),
      );
      for (const story of stories) expectForward(story);
      const [server] = await all(album.servers.list());
      const snapshot = await album.images.snapshot(server?.id ?? "", { name: "kept" });
      expectForward(await lastValueFrom(snapshot.progress.pipe(toArray())));
      const again = await album.operations.result(snapshot.id);
      expect(await lastValueFrom(again.progress)).toMatchObject({ state: "succeeded", percent: 100 });
    });
  });
});

function expectForward(story: readonly OperationProgress[]): void {
  const percents = story.map(({ percent }) => percent);
  expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  expect(story.at(-1)).toMatchObject({ state: "succeeded", percent: 100 });
}
