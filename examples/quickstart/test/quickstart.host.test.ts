import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { record } from "../../../scripts/ledger.ts";
import { findGuest } from "../src/libvirt/guest-image.ts";
import { requireProgram } from "../src/libvirt/programs.ts";
import type { EventOf, QuickstartEvent } from "../src/events.ts";
import { listMachine } from "./host/listing.ts";
import type { Listing } from "./host/listing.ts";
import { runWithUri } from "./host/run-with-uri.ts";
import { moments } from "./host/moments.ts";
import { quickstart } from "./quickstart-process.ts";
import type { QuickstartRun } from "./quickstart-process.ts";

const required = process.env["CLOUDHOST_HOST_TESTS"] === "1";
const perRunMs = 180_000;

const missing = await whatIsMissing();
if (missing !== undefined && required) throw new Error(missing);
if (missing !== undefined) process.stderr.write(`skipped: ${missing}\n`);

/** Why no guest can be run here, or `undefined`. */
async function whatIsMissing(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "real guests need root";
  try {
    for (const program of ["libvirtd", "virtlogd", "qemu-system-x86_64", "qemu-img"]) await requireProgram(program);
    await findGuest(new AbortController().signal);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe.skipIf(missing !== undefined)("the quickstart with real guests", () => {
  // Short: a socket's path has room for 108 characters.
  let root: string;
  let state: string;
  let before: Listing;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "chq-"));
    state = join(root, "s");
    before = await listMachine(state);
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  const args = (): string[] => ["--driver", "libvirt", "--json", "--state", state];
  const first = <Name extends QuickstartEvent["event"]>({ events }: QuickstartRun, name: Name) =>
    events.find((event): event is EventOf<Name> => event.event === name);

  /** Nothing is where nothing was; of the folder only what is to be kept is there. */
  async function expectNothingLeft(): Promise<void> {
    const { files, ...machine } = await listMachine(state);
    const { files: _, ...expected } = before;
    expect(machine).toEqual(expected);
    expect(files).toEqual([
      ".gitignore",
      "hosts",
      "hosts/this-host",
      "hosts/this-host/compute",
      "hosts/this-host/compute/instances",
      "hosts/this-host/network",
      "quickstart.json",
    ]);
  }

  it(
    "boots them, reads back what they are held to, and leaves nothing behind",
    async () => {
      const run = await quickstart(args());
      expect(run).toMatchObject({ code: 0, stderr: "" });
      const daemon = first(run, "daemon");
      await expect(access(daemon?.socket ?? "")).rejects.toThrow("ENOENT");
      expect(() => process.kill(daemon?.pid ?? 0, 0)).toThrow("ESRCH");
      expect(first(run, "hosts")?.hosts).toMatchObject([{ name: "this-host", zone: "az-1" }]);
      const booted = first(run, "ready")?.servers ?? [];
      expect(booted).toEqual(["web-1", "web-2"]);
      for (const guest of booted) record({ kind: "guestBooted", guest });
      const checks = run.events.flatMap((event) => (event.event === "kernel" ? event.checks : []));
      expect(checks.filter(({ holds }) => !holds)).toEqual([]);
      for (const { from } of checks) if (from.includes("/cgroup/")) record({ kind: "cgroupFile", path: from });
      const found = (what: string): string[] =>
        checks.filter((check) => check.what === what).map((check) => check.found);
      expect(found("cpu.shares")).toEqual(["1024", "2048"]);
      expect(found("period, µs")).toEqual(["100000", "100000"]);
      expect(found("internal, sends")).toEqual(["8 Mb/s, at most 32 Mb/s", "16 Mb/s, at most 64 Mb/s"]);
      expect(found("external, receives")).toEqual(["10 Mb/s, at most 10 Mb/s"]);
      expect(found("address told to its kernel")).toEqual(["198.18.0.2", "198.18.0.3"]);
      expect(found("its web server says")[0]).toMatch(/^hello from /);
      expect(first(run, "refused")?.text).toMatch(/VCpuFilter +turned away 1 of 1/);
      expect(first(run, "snapshot")?.chunks.duplicate).toBeGreaterThan(0);
      await expectNothingLeft();
    },
    perRunMs,
  );

  it.each(moments.map((moment, index) => ({ ...moment, toAll: index % 2 === 0 })))(
    "leaves nothing behind when it is stopped at: $name",
    async ({ is, toAll }) => {
      let stopped = false;
      const run = await quickstart(args(), (event, _index, child) => {
        if (stopped || !is(event) || child.pid === undefined) return;
        stopped = true;
        // A terminal's Ctrl-C goes to everybody in the foreground: also to a program that is just being run.
        process.kill(toAll ? -child.pid : child.pid, "SIGINT");
      });
      const { code, stderr } = run;
      expect({ stopped, code, stderr }).toEqual({ stopped: true, code: 130, stderr: "" });
      expect(run.events.at(-1)).toMatchObject({ event: "stopped", signal: "SIGINT", inTime: true });
      await expectNothingLeft();
    },
    perRunMs,
  );

  it(
    "works with a libvirtd that is there, and leaves that as it was",
    async () => {
      const { before: was, after, domains, run } = await runWithUri(root);
      expect(run).toMatchObject({ code: 0, stderr: "" });
      expect(first(run, "daemon")).toMatchObject({ pid: null, virtType: "auto" });
      expect(first(run, "ready")?.servers).toEqual(["web-1", "web-2"]);
      expect(domains).toEqual([]);
      expect({ ...after, files: [] }).toEqual({ ...was, files: [] });
    },
    perRunMs,
  );

  it(
    "goes on after it was killed, and what it left is gone then",
    async () => {
      const killed = await quickstart(args(), (event, _index, child) => {
        if (event.event === "server" && event.name === "web-2") child.kill("SIGKILL");
      });
      expect(killed.signal).toBe("SIGKILL");
      const { processes } = await listMachine(state);
      expect(processes.filter((line) => line.includes("qemu-system"))).toHaveLength(2);
      const next = await quickstart(args());
      expect(next).toMatchObject({ code: 0, stderr: "" });
      expect(first(next, "recovered")?.servers.toSorted()).toEqual(["web-1", "web-2"]);
      await expectNothingLeft();
    },
    2 * perRunMs,
  );
});
