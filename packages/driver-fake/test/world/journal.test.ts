import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HostWorld } from "../../src/world/host-world.ts";
import { readJournal } from "../../src/world/journal.ts";
import { applyRecord, newHost, worldRecordOf } from "../../src/world/state.ts";
import { openFake, temporaryFolder } from "../subject.ts";

/** A host's folder with one guest in it, closed. */
async function usedFolder(stack: AsyncDisposableStack): Promise<string> {
  const dir = await temporaryFolder(stack);
  await using fake = await openFake({ state: dir });
  await fake.compute.define(fake.guest);
  await fake.compute.start(fake.guest.id);
  return join(dir, "host-1");
}

describe("a fake host's journal", () => {
  it("has every record before it is done", async () => {
    await using stack = new AsyncDisposableStack();
    const records = await readJournal(join(await usedFolder(stack), "journal"));
    expect(records.map(({ kind }) => kind)).toEqual(["world", "defined", "started"]);
  });

  it("passes over a last line that was cut off", async () => {
    await using stack = new AsyncDisposableStack();
    const dir = await usedFolder(stack);
    await appendFile(join(dir, "journal"), '{"kind":"stopped","gue');
    await using world = await HostWorld.inFolder(dir, "host-1");
    expect([...world.state.guests.values()]).toMatchObject([{ power: "running" }]);
  });

  it("refuses a whole line that is damaged, and says which", async () => {
    await using stack = new AsyncDisposableStack();
    const dir = await usedFolder(stack);
    await appendFile(join(dir, "journal"), '{"kind":"nothing we know"}\n');
    await expect(HostWorld.inFolder(dir, "host-1")).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("journal:4") as unknown,
    });
  });

  it("refuses a journal of a newer version", async () => {
    await using stack = new AsyncDisposableStack();
    const dir = await usedFolder(stack);
    await writeFile(join(dir, "journal"), '{"kind":"world","version":3}\n');
    await expect(HostWorld.inFolder(dir, "host-1")).rejects.toMatchObject({ code: "VERSION_MISMATCH" });
  });

  it("is rewritten as one record when it is opened, and when it has grown", async () => {
    await using stack = new AsyncDisposableStack();
    const dir = await usedFolder(stack);
    const before = (await readJournal(join(dir, "journal"))).reduce(applyRecord, newHost);
    await using world = await HostWorld.inFolder(dir, "host-1");
    expect(await readJournal(join(dir, "journal"))).toEqual([worldRecordOf(before)]);

    const [guestId = ""] = world.state.guests.keys();
    for (let atMs = 1; atMs <= 1001; atMs += 1) void world.commit({ kind: "stopped", guestId, atMs, clean: false });
    await world.commit({ kind: "removed", guestId });
    expect((await readFile(join(dir, "journal"), "utf8")).split("\n").length).toBeLessThan(10);
    expect((await readJournal(join(dir, "journal"))).reduce(applyRecord, newHost)).toEqual(world.state);
  });
});
