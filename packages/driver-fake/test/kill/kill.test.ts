import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { sampleGuest } from "@cloudhost/conformance";
import type { SampleGuest } from "@cloudhost/conformance";
import { systemClock } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { fakeHost, readFakeWorld } from "../../src/index.ts";
import type { FakeHostView } from "../../src/index.ts";
import type { FakeDriver } from "../mutants/mutant.ts";
import { DiskLayout } from "../../src/disks/layout.ts";
import { readJournal } from "../../src/world/journal.ts";
import { applyRecord, newHost } from "../../src/world/state.ts";
import { contextOf, openCompute } from "../open.ts";
import { temporaryFolder } from "../subject.ts";
import { steps } from "./steps.ts";

const run = promisify(execFile);
const child = fileURLToPath(new URL("child.ts", import.meta.url));

interface Killed {
  readonly signal: string | undefined;
  /** The steps that were begun: all but the last have ended. */
  readonly begun: readonly string[];
}

/** Runs the child until it kills itself, right after this commit. */
async function killed(state: string, { guest }: SampleGuest, commit: number): Promise<Killed> {
  const job = JSON.stringify({ state, guest, killAt: commit });
  const args = ["--conditions=@cloudhost/source", child, job];
  const ended = await run(process.execPath, args).catch((error: unknown) => error);
  const { stdout, signal } = ended as { readonly stdout: string; readonly signal?: string };
  return { signal, begun: stdout.trim().split("\n") };
}

async function theHost(state: string): Promise<FakeHostView> {
  const [host] = await readFakeWorld(state);
  if (host === undefined) throw new Error("the host has no folder");
  return host;
}

/** Its files, and those that its guests should have by its journal. */
async function filesOf(state: string): Promise<{ readonly found: string[]; readonly wanted: string[] }> {
  const { files } = await theHost(state);
  const { guests } = (await readJournal(join(state, "host-1", "journal"))).reduce(applyRecord, newHost);
  const layout = new DiskLayout(join(state, "host-1", "disks"));
  const wanted = Array.from(guests.values(), (guest) => layout.filesOf(guest)).flat();
  return { found: files.map(({ path }) => path).toSorted(), wanted: wanted.toSorted() };
}

/** Of the child's steps, each at least one; taking a picture is two. */
const commits = 22;

describe.concurrent("a fake host in a folder, killed", () => {
  it("has as many moments as are tried", async ({ expect: see }) => {
    await using stack = new AsyncDisposableStack();
    const state = await temporaryFolder(stack);
    const whole = await killed(state, await sampleGuest(join(state, "images")), Infinity);
    see(whole).toEqual({ signal: undefined, begun: [...Object.keys(steps), `${commits} commits`] });
  });

  it.for(Array.from({ length: commits }, (_, index) => index + 1))(
    "between commit %i and its doing, is whole again once it is recovered",
    async (commit) => {
      await using stack = new AsyncDisposableStack();
      const state = join(await temporaryFolder(stack), "state");
      const sample = await sampleGuest(join(state, "..", "images"));
      const { signal, begun } = await killed(state, sample, commit);
      expect(signal).toBe("SIGKILL");

      const config = fakeHost({ name: "host-1", state, bootMs: 1 });
      await using compute = (await openCompute(config, contextOf(config, systemClock()))) as FakeDriver;
      await compute.recover();
      const { found, wanted } = await filesOf(state);
      expect(found).toEqual(wanted);

      // The step that was cut off is repeated, as its caller would, and the guest's life goes on.
      for (const name of Object.keys(steps).slice(begun.length - 1)) await steps[name]?.(compute, sample.guest);
      expect(await theHost(state)).toMatchObject({ guests: [], files: [] });
    },
  );

  it("is locked while its process lives, and can be read all the same", async () => {
    await using stack = new AsyncDisposableStack();
    const state = await temporaryFolder(stack);
    const sample = await sampleGuest(join(state, "images"));
    const config = fakeHost({ name: "host-1", state });
    await using compute = await openCompute(config, contextOf(config, systemClock()));
    await compute.define(sample.guest);
    const job = JSON.stringify({ state, guest: sample.guest, killAt: 1 });
    const refused: unknown = await run(process.execPath, ["--conditions=@cloudhost/source", child, job]).catch(
      (error: unknown) => error,
    );
    expect((refused as { stderr: string }).stderr).toContain(`Process ${process.pid} has the fake host host-1 open`);
    expect(await theHost(state)).toMatchObject({ guests: [{ spec: { id: sample.guest.id }, power: "stopped" }] });
  });
});
