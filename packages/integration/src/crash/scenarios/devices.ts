import type { Scenarios } from "../scenario.ts";
import { failing } from "./tools.ts";

/** What servers are given and lose: disks, and network interfaces. */
export const devices: Scenarios = {
  "server.createDisk": {
    before: "active",
    fail: failing("change"),
    run: (album) => album.servers.createDisk("web-0", { sizeGib: 1, name: "data" }),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.createDisk while it is stopped": {
    kind: "server.createDisk",
    before: "stopped",
    fail: failing("define"),
    run: (album) => album.servers.createDisk("web-0", { sizeGib: 1 }),
    ends: { succeeded: { server: "stopped", images: 0 }, failed: { server: "stopped", images: 0 } },
  },
  "server.deleteDisk": {
    before: "active with a disk",
    fail: failing("change"),
    run: (album) => album.servers.deleteDisk("web-0", "data"),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.deleteDisk while it is stopped": {
    kind: "server.deleteDisk",
    before: "stopped with a disk",
    fail: failing("define"),
    run: (album) => album.servers.deleteDisk("web-0", "data"),
    ends: { succeeded: { server: "stopped", images: 0 }, failed: { server: "stopped", images: 0 } },
  },
  "server.attachInterface": {
    before: "active",
    fail: failing("change"),
    run: (album) => album.servers.attachInterface("web-0"),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.attachInterface while it is stopped": {
    kind: "server.attachInterface",
    before: "stopped",
    fail: failing("define"),
    run: (album) => album.servers.attachInterface("web-0"),
    ends: { succeeded: { server: "stopped", images: 0 }, failed: { server: "stopped", images: 0 } },
  },
  "server.detachInterface": {
    before: "active with two interfaces",
    fail: failing("network.apply"),
    run: async (album) => {
      const { addresses } = await album.servers.get("web-0");
      return album.servers.detachInterface("web-0", addresses[1]?.address ?? "");
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
};
