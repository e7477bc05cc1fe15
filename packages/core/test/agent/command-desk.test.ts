import { describe, expect, it } from "vitest";
import { CommandDesk } from "../../src/agent/command-desk.ts";
import type { Admission, CommandJournal } from "../../src/agent/command-journal.ts";
import { hostCalls } from "../../src/agent/host-calls.ts";
import type { HostParts } from "../../src/agent/host-calls.ts";
import { silentLogger, systemClock, uuidv7Ids } from "../../src/ports/index.ts";
import type { HostCommand, HostReply, HostReport } from "../../src/ports/index.ts";

const clock = systemClock();
const ids = uuidv7Ids(clock);

/** A journal on a disk that does as it is told. */
function journalWith(write: () => Promise<void>, end: () => Promise<void>): CommandJournal {
  const known = new Set<string>();
  const journal = {
    admit({ commandId }: HostCommand): Admission {
      const is = known.has(commandId) ? "known" : "new";
      known.add(commandId);
      return { is, durable: write() };
    },
    superseded: () => undefined,
    end: (_reply: HostReply) => end(),
    endOf: () => undefined,
  };
  return journal as unknown as CommandJournal;
}

function begin(journal: CommandJournal, onBoundary: (name: string) => void = () => {}) {
  const started: string[] = [];
  const reports: HostReport[] = [];
  const compute = { start: async (guestId: string) => void started.push(guestId) };
  const calls = hostCalls({ compute, network: {}, images: {} } as unknown as HostParts, () => {});
  const report = (said: HostReport): unknown => reports.push(said);
  const desk = new CommandDesk({ host: "host-1", journal, calls, clock, logger: silentLogger, report, onBoundary });
  return { desk, started, reports };
}

function start(): HostCommand {
  const guestId = ids.next("srv");
  return {
    commandId: ids.next("cmd"),
    operationId: null,
    epoch: 1,
    resource: guestId,
    kind: "compute.start",
    args: { guestId },
    timeoutMs: 1_000,
  };
}

const full = (): Promise<void> => Promise.reject(Object.assign(new Error("no space left"), { code: "ENOSPC" }));
const works = async (): Promise<void> => {};

describe("CommandDesk", () => {
  it("takes no command that its journal cannot keep", async () => {
    const { desk, started } = begin(journalWith(full, works));
    const command = start();
    expect(await desk.send(command)).toMatchObject({
      accepted: false,
      error: { code: "HOST_UNAVAILABLE", details: { host: "host-1" }, retryable: true },
    });
    await desk.close();
    expect(started).toEqual([]);
    expect(await desk.status(command.commandId)).toMatchObject({ state: "unknown" });
  });

  it("tells how a command ended although its journal cannot keep that", async () => {
    const { desk, started, reports } = begin(journalWith(works, full));
    const command = start();
    await desk.send(command);
    await expect.poll(() => reports).toMatchObject([{ kind: "commandEnded", reply: { state: "succeeded" } }]);
    expect(started).toEqual([command.resource]);
  });

  it("passes each boundary in its turn", async () => {
    const passed: string[] = [];
    const { desk, reports } = begin(journalWith(works, works), (name) => passed.push(name));
    await desk.send(start());
    await expect.poll(() => reports).toHaveLength(1);
    expect(passed).toEqual([
      "agent:journalled compute.start",
      "agent:effect compute.start",
      "agent:ended compute.start",
    ]);
  });

  it("goes on after a fault of its own, and knows nothing of that command", async () => {
    let faults = 1;
    const fault = (): void => {
      if (faults-- > 0) throw new Error("a fault");
    };
    const { desk, reports } = begin(journalWith(works, works), fault);
    const [lost, next] = [start(), start()];
    await desk.send(lost);
    await desk.send({ ...next, resource: lost.resource });
    await expect.poll(() => reports).toMatchObject([{ reply: { commandId: next.commandId } }]);
    expect(await desk.status(lost.commandId)).toMatchObject({ state: "unknown" });
  });

  it("refuses what comes when it closes, but not what it knows", async () => {
    const ended = Promise.withResolvers<void>();
    const { desk } = begin(journalWith(works, () => ended.promise));
    const command = start();
    await desk.send(command);
    const closed = desk.close();
    expect(await desk.send(start())).toMatchObject({
      accepted: false,
      error: { code: "HOST_UNAVAILABLE", details: { reason: "closing" }, retryable: true },
    });
    expect(await desk.send(command)).toMatchObject({ accepted: true });
    expect(await desk.status(command.commandId)).toMatchObject({ state: "running" });
    ended.resolve();
    await closed;
  });
});
