import type { Scenarios } from "../scenario.ts";
import { failing } from "./tools.ts";

const dayMs = 86_400_000;

/** What is deleted, for good or for the time being. */
export const deletions: Scenarios = {
  "server.delete": {
    before: "active",
    run: async (album) => (await album.servers.delete("web-0")).result(),
    ends: { succeeded: { server: "none", images: 0 } },
  },
  "server.softDelete": {
    before: "active",
    fail: failing("stop"),
    run: async (album) => (await album.servers.delete("web-0", { restoreMs: dayMs })).result(),
    ends: { succeeded: { server: "softDeleted", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.restore": {
    before: "softDeleted",
    fail: failing("start"),
    run: async (album) => {
      await (await album.servers.restore("web-0")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "softDeleted", images: 0 } },
  },
  "server.delete with a disk": {
    kind: "server.delete",
    before: "stopped with a disk",
    run: async (album) => (await album.servers.delete("web-0")).result(),
    ends: { succeeded: { server: "none", images: 0 } },
  },
  "server.delete while it is shelved": {
    kind: "server.delete",
    before: "shelved with a disk",
    run: async (album) => (await album.servers.delete("web-0")).result(),
    ends: { succeeded: { server: "none", images: 0 } },
  },
  "server.softDelete while it is shelved": {
    kind: "server.softDelete",
    before: "shelved",
    run: async (album) => (await album.servers.delete("web-0", { restoreMs: dayMs })).result(),
    ends: { succeeded: { server: "softDeleted", images: 0 } },
  },
  "project.delete": {
    before: "active",
    run: async (_album, { ops }) => (await ops.projects.delete("album", { everything: true })).result(),
    ends: { succeeded: { server: "none", images: -2 } },
  },
  "image.delete": {
    before: "nothing",
    run: async (album) => (await album.images.delete("spare")).result(),
    ends: { succeeded: { server: "none", images: -1 } },
  },
};
