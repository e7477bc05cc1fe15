import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { CommandJournal } from "../../src/agent/command-journal.ts";
import { systemClock, uuidv7Ids } from "../../src/ports/index.ts";
import type { HostCommand, HostReply } from "../../src/ports/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const ids = uuidv7Ids(systemClock());

const command = (change: Partial<HostCommand> = {}): HostCommand => ({
  commandId: ids.next("cmd"),
  operationId: ids.next("op"),
  epoch: 1,
  resource: "srv_one",
  kind: "compute.start",
  args: { guestId: "srv_one", more: { a: 1, b: 2 } },
  timeoutMs: 1_000,
  ...change,
});

const succeeded = (commandId: string): HostReply => ({ state: "succeeded", commandId, result: { well: "done" } });

/** Takes a command in and ends it. */
async function run(journal: CommandJournal, some: HostCommand): Promise<void> {
  const admission = journal.admit(some);
  if (admission.is !== "refused") await admission.durable;
  await journal.end(succeeded(some.commandId));
}

const linesIn = async (folder: string): Promise<number> =>
  (await readFile(join(folder, "commands.journal"), "utf8")).split("\n").length - 1;

describe("CommandJournal", () => {
  it("remembers how a command ended, also when it is opened anew", async () => {
    await using folder = await temporaryFolder();
    const some = command();
    {
      await using journal = await CommandJournal.open(folder.path);
      expect(journal.endOf(some.commandId)).toBeUndefined();
      await run(journal, some);
      expect(journal.endOf(some.commandId)).toEqual(succeeded(some.commandId));
    }
    await using journal = await CommandJournal.open(folder.path);
    expect(journal.endOf(some.commandId)).toEqual(succeeded(some.commandId));
    expect(journal.admit(some)).toMatchObject({ is: "known" });
    expect(journal.found).toEqual({ interrupted: [], damagedLines: 0 });
  });

  it("has a command on the disk before it may be run", async () => {
    await using folder = await temporaryFolder();
    await using journal = await CommandJournal.open(folder.path);
    const some = command();
    const admission = journal.admit(some);
    if (admission.is === "new") await admission.durable;
    expect(await readFile(join(folder.path, "commands.journal"), "utf8")).toContain(some.commandId);
  });

  it("knows a repeat, while it runs and when it has ended", async () => {
    await using folder = await temporaryFolder();
    await using journal = await CommandJournal.open(folder.path);
    const some = command();
    expect(journal.admit(some).is).toBe("new");
    expect(journal.admit(some).is).toBe("known");
    expect(journal.admit({ ...some, args: { more: { b: 2, a: 1 }, guestId: "srv_one" } }).is).toBe("known");
    await journal.end(succeeded(some.commandId));
    expect(journal.admit(some).is).toBe("known");
  });

  it.each([
    ["kind", { kind: "compute.stop" as const }],
    ["arguments", { args: { guestId: "srv_two" } }],
    ["resource", { resource: "srv_two" }],
    ["operation", { operationId: null }],
  ])("refuses the id of another command: another %s", async (_what, change) => {
    await using folder = await temporaryFolder();
    await using journal = await CommandJournal.open(folder.path);
    const some = command();
    await run(journal, some);
    expect(journal.admit({ ...some, ...change })).toMatchObject({
      is: "refused",
      error: { code: "IDEMPOTENCY_MISMATCH", details: { key: some.commandId, operationId: some.operationId } },
    });
  });

  it("refuses an older epoch of the same resource, and of no other", async () => {
    await using folder = await temporaryFolder();
    await using journal = await CommandJournal.open(folder.path);
    await run(journal, command({ epoch: 7 }));
    expect(journal.admit(command({ epoch: 6 }))).toMatchObject({
      is: "refused",
      error: { code: "LOCKED", details: { resource: "srv_one", by: "epoch 7" } },
    });
    expect(journal.admit(command({ epoch: 7 })).is).toBe("new");
    expect(journal.admit(command({ epoch: 1, resource: "srv_two" })).is).toBe("new");
  });

  it("lets a repeat under a newer epoch raise its resource's", async () => {
    await using folder = await temporaryFolder();
    const some = command({ epoch: 3 });
    {
      await using journal = await CommandJournal.open(folder.path);
      await run(journal, some);
      const repeat = journal.admit({ ...some, epoch: 5 });
      if (repeat.is === "known") await repeat.durable;
      expect(repeat.is).toBe("known");
    }
    await using journal = await CommandJournal.open(folder.path);
    expect(journal.admit(command({ epoch: 4 })).is).toBe("refused");
  });

  it("tells that a command which has not begun was superseded, unless its own runner changed", async () => {
    await using folder = await temporaryFolder();
    await using journal = await CommandJournal.open(folder.path);
    const older = command({ epoch: 3 });
    journal.admit(older);
    expect(journal.superseded(older.commandId)).toBeUndefined();
    const newer = command({ epoch: 4 });
    journal.admit(newer);
    expect(journal.superseded(older.commandId)).toMatchObject({ code: "LOCKED" });
    expect(journal.superseded(newer.commandId)).toBeUndefined();
    journal.admit({ ...older, epoch: 4 });
    expect(journal.superseded(older.commandId)).toBeUndefined();
  });

  it("forgets a command that had not ended, but not its epoch", async () => {
    await using folder = await temporaryFolder();
    const some = command({ epoch: 9 });
    {
      await using journal = await CommandJournal.open(folder.path);
      const admission = journal.admit(some);
      if (admission.is === "new") await admission.durable;
    }
    await using journal = await CommandJournal.open(folder.path);
    expect(journal.found.interrupted).toMatchObject([{ commandId: some.commandId, kind: "compute.start", epoch: 9 }]);
    expect(journal.admit({ ...some, epoch: 8 }).is).toBe("refused");
    expect(journal.admit(some).is).toBe("new");
  });

  it("stays small, and keeps every epoch", async () => {
    await using folder = await temporaryFolder();
    const first = command({ resource: "srv_first", epoch: 42 });
    {
      await using journal = await CommandJournal.open(folder.path, 10);
      await run(journal, first);
      for (let round = 0; round < 40; round += 1) {
        await Promise.all(Array.from({ length: 50 }, () => run(journal, command())));
      }
      expect(await linesIn(folder.path)).toBeLessThan(1_200);
      expect(journal.endOf(first.commandId)).toBeUndefined();
    }
    await using journal = await CommandJournal.open(folder.path, 10);
    expect(await linesIn(folder.path)).toBe(1 + 2 + 20);
    expect(journal.admit(command({ resource: "srv_first", epoch: 41 })).is).toBe("refused");
  });

  it("refuses what a newer version wrote", async () => {
    await using folder = await temporaryFolder();
    const header = JSON.stringify({ is: "journal", version: 2, more: true });
    await writeFile(
      join(folder.path, "commands.journal"),
      `${crc32(header).toString(16).padStart(8, "0")} ${header}\n`,
    );
    await expect(CommandJournal.open(folder.path)).rejects.toMatchObject({
      code: "VERSION_MISMATCH",
      details: { found: "2", supported: "1" },
    });
  });
});
