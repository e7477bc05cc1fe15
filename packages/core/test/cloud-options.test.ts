import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { checkOptions } from "../src/cloud-options.ts";
import type { CloudOptions } from "../src/cloud-options.ts";
import { isCloudHostError } from "../src/errors.ts";

const driver = { module: "file:///drivers/some.js", options: {} };
const host = { name: "host-1", zone: "az-1", compute: driver, network: driver };
const good: CloudOptions = {
  database: "sqlite:./state/cloud.db",
  scheduler: { openFleet: () => undefined as never },
  images: { open: () => undefined as never },
};

/** The paths of the faults of these options. */
function faults(options: unknown): readonly string[] {
  try {
    checkOptions(options as CloudOptions);
    return [];
  } catch (error) {
    if (isCloudHostError(error, "INVALID_ARGUMENT")) return error.details.issues.map(({ path }) => path);
    throw error;
  }
}

describe("a cloud's options", () => {
  it("have defaults for all but database, scheduler and images", () => {
    expect(checkOptions(good)).toEqual({
      hosts: [],
      network: { name: "fixed", cidr: "10.0.0.0/16" },
      migrate: true,
      runs: "both",
      timeoutsMs: {},
      stateDir: resolve("state"),
      leaseMs: 10_000,
      concurrency: 64,
      heartbeatMs: 2000,
      eventsKeptMs: 2_592_000_000,
      drift: { stopped: "record", started: "record", afterHostRestart: "as-before" },
      webhooks: {
        attemptsMost: 12,
        firstPauseMs: 5000,
        longestPauseMs: 3_600_000,
        suspendAfterMs: 86_400_000,
        keptMs: 604_800_000,
      },
      restoreMs: 0,
      drainMs: 10_000,
      projectRoles: "actor",
      quotas: {},
    });
  });

  it("put the state beside the SQLite file, or where it is said", () => {
    expect(checkOptions({ ...good, database: "sqlite:/srv/cloud/cloud.db?synchronous=off" }).stateDir).toBe(
      "/srv/cloud",
    );
    expect(checkOptions({ ...good, database: "postgres://db/cloud" }).stateDir).toBe(resolve("cloudhost-state"));
    expect(checkOptions({ ...good, stateDir: "elsewhere" }).stateDir).toBe(join(process.cwd(), "elsewhere"));
  });

  it.each([
    [undefined, [""]],
    [null, [""]],
    ["sqlite:cloud.db", [""]],
    [{}, ["database", "scheduler", "images"]],
    [{ ...good, database: 42 }, ["database"]],
    [{ ...good, scheduler: {} }, ["scheduler"]],
    [{ ...good, images: "./images" }, ["images"]],
    [{ ...good, colour: "red" }, [""]],
    [{ ...good, runs: "nothing" }, ["runs"]],
    [{ ...good, timeoutsMs: { "server.create": 0 } }, ["timeoutsMs.server.create"]],
    [
      { ...good, leaseMs: 1, concurrency: 0, heartbeatMs: 1.5, restoreMs: 2_592_000_001, drainMs: -1 },
      ["leaseMs", "concurrency", "heartbeatMs", "restoreMs", "drainMs"],
    ],
    [{ ...good, hosts: [{ ...host, name: "Host 1" }] }, ["hosts.0.name"]],
    [{ ...good, hosts: [host, { ...host, name: "host-2", zone: "az;1" }] }, ["hosts.1.zone"]],
    [{ ...good, hosts: [host, host] }, ["hosts"]],
    [{ ...good, hosts: [{ ...host, compute: { module: "./driver.js", options: {} } }] }, ["hosts.0.compute.module"]],
    [{ ...good, hosts: [{ ...host, reserve: { cores: -1 } }] }, ["hosts.0.reserve.cores"]],
    [{ ...good, network: { cidr: "10.0.0.0" } }, ["network.cidr"]],
    [{ ...good, network: { cidr: "10.0.0.0/31" } }, ["network.cidr"]],
    [{ ...good, network: { cidr: "0.0.0.0/0" } }, ["network.cidr"]],
    [{ ...good, network: { name: "a b" } }, ["network.name"]],
  ])("%j: %j", (options, paths) => expect(faults(options)).toEqual(paths));
});
