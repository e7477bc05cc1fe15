import type { Scenarios } from "../scenario.ts";
import { failing } from "./tools.ts";

/** Servers whose disks are put into the image store, and come back. */
export const shelving: Scenarios = {
  "server.shelve": {
    before: "active",
    fail: failing("layers"),
    run: (album) => album.servers.shelve("web-0", { graceMs: 0 }),
    ends: { succeeded: { server: "shelved", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.shelve with a disk": {
    kind: "server.shelve",
    before: "stopped with a disk",
    fail: failing("layers"),
    run: (album) => album.servers.shelve("web-0"),
    ends: { succeeded: { server: "shelved", images: 0 }, failed: { server: "stopped", images: 0 } },
  },
  "server.unshelve": {
    before: "shelved",
    fail: failing("start"),
    run: (album) => album.servers.unshelve("web-0"),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "shelved", images: 0 } },
  },
  "server.unshelve with a disk": {
    kind: "server.unshelve",
    before: "shelved with a disk",
    fail: failing("putLayer"),
    run: (album) => album.servers.unshelve("web-0"),
    ends: { succeeded: { server: "stopped", images: 0 }, failed: { server: "shelved", images: 0 } },
  },
};
