import { randomBytes } from "node:crypto";
import { mkdtemp, open, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFakeWorld } from "@cloudhost/driver-fake";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EventOf, QuickstartEvent } from "../src/events.ts";
import { quickstart } from "./quickstart-process.ts";
import type { QuickstartRun } from "./quickstart-process.ts";
import { seededPoints } from "./seeded.ts";

const perRunMs = 60_000;
const seed = Number(process.env["CLOUDHOST_SEED"] ?? 2013);

let root: string;
let image: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "cloudhost-quickstart-"));
  image = join(root, "disk.raw");
  await using disk = await open(image, "w");
  await disk.truncate(24 * 2 ** 20);
  // More chunks than a guest's boot touches: it changes two places, by its id.
  for (const mib of [0, 4, 12, 16]) await disk.write(randomBytes(2 ** 20), 0, undefined, mib * 2 ** 20);
});
afterAll(() => rm(root, { recursive: true, force: true }));

const argsFor = (state: string): string[] => ["--json", "--image", image, "--state", join(root, state)];

const all = <Name extends QuickstartEvent["event"]>({ events }: QuickstartRun, name: Name): EventOf<Name>[] =>
  events.filter((event): event is EventOf<Name> => event.event === name);

const only = <Name extends QuickstartEvent["event"]>(run: QuickstartRun, name: Name): EventOf<Name> => {
  const [first, ...others] = all(run, name);
  if (first === undefined || others.length > 0)
    throw new Error(`${all(run, name).length} events ${name}: ${run.stdout}`);
  return first;
};

/** Nothing but images and history is left: no guest, no tap, no disk, no file that was only needed for a while. */
async function expectNothingLeft(state: string): Promise<void> {
  const hosts = await readFakeWorld(join(root, state, "fake"));
  expect(hosts).toHaveLength(3);
  for (const host of hosts) expect(host).toMatchObject({ guests: [], bindings: [], members: [], files: [] });
  expect(await readdir(join(root, state))).not.toContain("work");
}

describe("the quickstart", () => {
  it(
    "does the whole job, and a second run goes on from there",
    async () => {
      const first = await quickstart(argsFor("whole"));
      expect(first).toMatchObject({ code: 0, signal: null, stderr: "" });
      expect(only(first, "started")).toMatchObject({ continues: false, driver: "fake" });
      expect(all(first, "step").map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(only(first, "hosts").hosts.map(({ zone }) => zone)).toEqual(["az-1", "az-2", "az-1"]);
      expect(only(first, "image")).toMatchObject({ found: false, chunks: { total: 6, new: 4, zero: 2 } });
      const importing = all(first, "progress").filter(({ of }) => of.startsWith("importing "));
      expect(importing.map(({ percent }) => percent)).toEqual(
        importing.map(({ percent }) => percent).toSorted((a, b) => a - b),
      );
      expect(importing.at(-1)?.percent).toBe(100);

      const servers = all(first, "server");
      expect(servers.map(({ name, zone }) => `${name} ${zone}`)).toEqual(
        expect.arrayContaining(["web-1 az-1", "web-2 az-1", "web-3 az-2"]),
      );
      const web = servers.filter(({ name }) => name.startsWith("web-")).map(({ host }) => host);
      expect(new Set(web).size).toBe(3);
      for (const { host, why } of servers) expect(why.candidates[0]?.host).toBe(host);
      expect(only(first, "ready").servers).toHaveLength(5);

      expect(only(first, "refused").text).toMatch(/^No host can take big-1 .*\n +EcuPerCoreFilter +turned away 2 of 3/);
      const { chunks } = only(first, "snapshot");
      expect(chunks.duplicate).toBeGreaterThan(0);
      expect(chunks.zero + chunks.duplicate + chunks.new).toBe(chunks.total);
      expect(only(first, "quotas").quotas).toHaveLength(9);
      const { resources, hosts } = only(first, "operationsView");
      for (const [name, { total, used, available }] of Object.entries(resources)) {
        expect({ name, total }).toEqual({ name, total: used + available });
        expect(hosts.reduce((sum, host) => sum + (host.resources[name]?.used ?? 0), 0)).toBe(used);
      }
      expect(resources["milliEcu"]?.used).toBe(23_000);
      expect(only(first, "deleted").servers).toHaveLength(6);
      expect(only(first, "done").images).toBe(2);
      await expectNothingLeft("whole");

      const second = await quickstart(argsFor("whole"));
      expect(second).toMatchObject({ code: 0, stderr: "" });
      expect(only(second, "started").continues).toBe(true);
      expect(only(second, "found")).toMatchObject({ images: [only(first, "image").name, "before-upgrade"] });
      expect(only(second, "project")).toMatchObject({ found: true, id: only(first, "project").id });
      expect(only(second, "image")).toMatchObject({ found: true, id: only(first, "image").id });
      expect(all(second, "recovered")).toEqual([]);
      expect(only(second, "snapshot").removed).toBe(1);
      expect(only(second, "done").images).toBe(2);
      await expectNothingLeft("whole");
    },
    2 * perRunMs,
  );

  it(
    "tells a person the same in words, and keeps a second one out of its folder",
    async () => {
      const [, ...args] = argsFor("words");
      const others: Promise<QuickstartRun>[] = [];
      const onLine = (line: string): void => {
        if (line.startsWith("1/7")) others.push(quickstart(args), quickstart(["--json", ...args]));
      };
      const { code, stdout, stderr } = await quickstart(args, undefined, onLine);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).not.toContain("\u001B");
      expect(stdout).toMatch(/^3\/7 {2}Servers of three flavors, over both zones$/m);
      expect(stdout).toMatch(/^ {3}web-1 +c1\.e1 +→ host-\d in az-1 as asked, 10\.0\.0\.2, 10 Mb\/s to the public/m);
      expect(stdout).toMatch(/^ {3}No host can take big-1 \(12 vCPUs, 48 EUCU, /m);
      expect(stdout).toMatch(/^Done in .* 2 images and the history of 14 operations; nothing else is left\.$/m);
      expect(stdout).toMatch(/^Where to go next$/m);
      for (const line of stdout.split("\n")) expect(line.length).toBeLessThan(140);

      const [inWords, inJson] = await Promise.all(others);
      const taken = `Another quickstart \\(process \\d+\\) is at work in ${join(root, "words")}\\.`;
      expect(inWords).toMatchObject({ code: 3, stdout: "" });
      expect(inWords?.stderr).toMatch(
        new RegExp(`^${taken}\\nLet it end, or give this one a folder of its own: --state DIR\\.\\n$`),
      );
      expect(inJson).toMatchObject({ code: 3, events: [{ event: "failed", code: "LOCKED" }], stderr: "" });
    },
    2 * perRunMs,
  );

  it(
    `ends well after Ctrl-C at any moment (CLOUDHOST_SEED=${seed})`,
    async () => {
      // A whole run has some 100 events; the last point is behind them all.
      const points = seededPoints(seed, 6, 100);
      for (const point of points) {
        const run = await quickstart(argsFor("stopped"), (_event, index, child) => {
          if (index === point) child.kill("SIGINT");
        });
        // It may have been done by then.
        if (run.code === 0) continue;
        expect({ point, code: run.code, stderr: run.stderr }).toEqual({ point, code: 130, stderr: "" });
        expect(run.events.at(-1)).toMatchObject({ event: "stopped", signal: "SIGINT", inTime: true });
      }
      const last = await quickstart(argsFor("stopped"));
      expect(last).toMatchObject({ code: 0, stderr: "" });
      expect(only(last, "done").images).toBe(2);
      await expectNothingLeft("stopped");
    },
    7 * perRunMs,
  );

  it(
    "ends well after it was killed, and takes a second Ctrl-C for the first",
    async () => {
      const killed = await quickstart(argsFor("killed"), (event, _index, child) => {
        if (event.event === "progress" && event.of === "app-1") child.kill("SIGKILL");
      });
      expect(killed).toMatchObject({ code: null, signal: "SIGKILL" });
      const stopped = await quickstart(argsFor("killed"), (event, _index, child) => {
        if (event.event === "server" && event.name === "web-2")
          for (let often = 0; often < 3; often += 1) child.kill("SIGINT");
      });
      expect(only(stopped, "recovered").servers.toSorted()).toEqual(["app-1", "web-1", "web-2", "web-3"]);
      expect(stopped.code).toBe(130);
      const last = await quickstart(argsFor("killed"));
      // Who was asked to stop has given its leases back.
      expect(all(last, "waiting")).toEqual([]);
      expect(last).toMatchObject({ code: 0, stderr: "" });
      await expectNothingLeft("killed");
    },
    3 * perRunMs,
  );

  it(
    "says in a sentence that an image is not there, or is none, and removes what came of it",
    async () => {
      const args = ["--state", join(root, "wrong"), "--image"];
      const missing = await quickstart([...args, join(root, "missing.raw")]);
      expect(missing).toMatchObject({ code: 1, stderr: `There is no file ${join(root, "missing.raw")}.\n` });
      const folder = await quickstart([...args, root]);
      expect(folder.code).toBe(1);
      expect(folder.stderr).toMatch(/^[^\n]+\n$/);
      const after = await quickstart(argsFor("wrong"), (event, _index, child) => {
        if (event.event === "recovered") child.kill("SIGINT");
      });
      expect(only(after, "recovered").images).toHaveLength(1);
    },
    3 * perRunMs,
  );
});
