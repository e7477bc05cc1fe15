import type { Scenarios } from "../scenario.ts";
import { failing } from "./tools.ts";

/** Servers where they are: their power, and what they boot from. */
export const power: Scenarios = {
  "server.start": {
    before: "stopped",
    fail: failing("start"),
    run: (album) => album.servers.start("web-0"),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "stopped", images: 0 } },
  },
  "server.stop": {
    before: "active",
    run: (album) => album.servers.stop("web-0", { graceMs: 0 }),
    fail: failing("stop"),
    ends: { succeeded: { server: "stopped", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.reboot": {
    before: "active",
    run: (album) => album.servers.reboot("web-0", { graceMs: 0 }),
    fail: failing("reboot"),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.pause": {
    before: "active",
    fail: failing("pause"),
    run: (album) => album.servers.pause("web-0"),
    ends: { succeeded: { server: "paused", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.unpause": {
    before: "paused",
    fail: failing("unpause"),
    run: (album) => album.servers.unpause("web-0"),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "paused", images: 0 } },
  },
  "server.suspend": {
    before: "active",
    fail: failing("suspend"),
    run: (album) => album.servers.suspend("web-0"),
    ends: { succeeded: { server: "suspended", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.resume": {
    before: "suspended",
    fail: failing("start"),
    run: (album) => album.servers.resume("web-0"),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "suspended", images: 0 } },
  },
  "server.rebuild": {
    before: "active",
    // Behind its point of no return it only goes forward: what fails there is tried again.
    fail: failing("stop"),
    run: (album) => album.servers.rebuild("web-0", { image: "spare", graceMs: 0 }),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.rescue": {
    before: "active",
    fail: failing("start"),
    run: (album) => album.servers.rescue("web-0", { image: "spare", graceMs: 0 }),
    ends: { succeeded: { server: "rescued", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.unrescue": {
    before: "rescued",
    fail: failing("start"),
    run: (album) => album.servers.unrescue("web-0", { graceMs: 0 }),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "rescued", images: 0 } },
  },
};
