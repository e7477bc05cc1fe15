import type { Scenarios } from "../scenario.ts";
import { failing } from "./tools.ts";

/** Servers that change their size or their host. */
export const moves: Scenarios = {
  "server.resize": {
    before: "active",
    fail: failing("start"),
    run: async (album) => {
      await (await album.servers.resize("web-0", { flavor: "c1.e1.d2" })).result();
    },
    ends: { succeeded: { server: "resized", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.resize live": {
    kind: "server.resize",
    before: "active",
    fail: failing("change"),
    run: async (album) => {
      await (await album.servers.resize("web-0", { flavor: "c2.e2" })).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.resizeToOtherHost": {
    before: "active",
    neighbour: true,
    fail: failing("start"),
    run: async (album) => {
      await (await album.servers.resize("web-0", { flavor: "large" })).result();
    },
    ends: { succeeded: { server: "resized", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.confirmResize": {
    before: "resized",
    run: async (album) => {
      await (await album.servers.confirmResize("web-0")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "resized", images: 0 } },
  },
  "server.revertResize": {
    before: "resized",
    run: async (album) => {
      await (await album.servers.revertResize("web-0")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "resized", images: 0 } },
  },
  "server.confirmResize on the other host": {
    kind: "server.confirmResize",
    before: "resized elsewhere",
    neighbour: true,
    run: async (album) => {
      await (await album.servers.confirmResize("web-0")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "resized", images: 0 } },
  },
  "server.revertResize from the other host": {
    kind: "server.revertResize",
    before: "resized elsewhere",
    neighbour: true,
    run: async (album) => {
      await (await album.servers.revertResize("web-0")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "resized", images: 0 } },
  },
  "server.migrate": {
    before: "active",
    fail: failing("start"),
    run: async (_album, { ops }) => {
      for await (const { id } of ops.servers.list({ name: "web-0" })) await (await ops.servers.migrate(id)).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.migrate with a disk": {
    kind: "server.migrate",
    before: "active with a disk",
    fail: failing("start"),
    run: async (_album, { ops }) => {
      for await (const { id } of ops.servers.list({ name: "web-0" })) await (await ops.servers.migrate(id)).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.migrate with two interfaces": {
    kind: "server.migrate",
    before: "active with two interfaces",
    fail: failing("start"),
    run: async (_album, { ops }) => {
      for await (const { id } of ops.servers.list({ name: "web-0" })) await (await ops.servers.migrate(id)).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
};
