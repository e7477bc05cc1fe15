import type { Scenarios } from "../scenario.ts";
import { failing } from "./tools.ts";

const dayMs = 86_400_000;

/** What is deleted, for good or for the time being. */
export const deletions: Scenarios = {
  "server.delete": {
    before: "active",
    run: (album) => album.servers.delete("web-0"),
    ends: { succeeded: { server: "none", images: 0 } },
  },
  "server.softDelete": {
    before: "active",
    fail: failing("stop"),
    run: (album) => album.servers.delete("web-0", { restoreMs: dayMs }),
    ends: { succeeded: { server: "softDeleted", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.restore": {
    before: "softDeleted",
    fail: failing("start"),
    run: (album) => album.servers.restore("web-0"),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "softDeleted", images: 0 } },
  },
  "server.delete with a disk": {
    kind: "server.delete",
    before: "stopped with a disk",
    run: (album) => album.servers.delete("web-0"),
    ends: { succeeded: { server: "none", images: 0 } },
  },
  "server.delete while it is shelved": {
    kind: "server.delete",
    before: "shelved with a disk",
    run: (album) => album.servers.delete("web-0"),
    ends: { succeeded: { server: "none", images: 0 } },
  },
  "server.softDelete while it is shelved": {
    kind: "server.softDelete",
    before: "shelved",
    run: (album) => album.servers.delete("web-0", { restoreMs: dayMs }),
    ends: { succeeded: { server: "softDeleted", images: 0 } },
  },
  "project.delete": {
    before: "active",
    run: (_album, { ops }) => ops.projects.delete("album", { everything: true }),
    ends: { succeeded: { server: "none", images: -2 } },
  },
  "image.delete": {
    before: "nothing",
    run: (album) => album.images.delete("spare"),
    ends: { succeeded: { server: "none", images: -1 } },
  },
};
