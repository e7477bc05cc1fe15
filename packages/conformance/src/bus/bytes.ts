import type { HostReply, HostReport } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { answered, eachCase, until } from "./case.ts";
import type { BusCase, OpenBusSubject } from "./case.ts";

/** Whether nothing in it can be changed. */
function isFrozen(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozen);
}

/** Sends a command with this beside what belongs in it. */
const sendWith = (subject: BusCase, more: object): Promise<unknown> =>
  subject.bus.send("host-1", { ...subject.command(), ...more });

/** A bus sends bytes: nothing is shared, nothing can be changed, and nothing comes through that no schema knows. */
export function bytesSuite(open: OpenBusSubject): void {
  it(
    "shares nothing of a command or an answer",
    eachCase(open, async (subject) => {
      const result = { guests: ["srv_1"] };
      const agent = await subject.serve("host-1", {
        status: async (commandId) => ({ state: "succeeded", commandId, result }),
      });
      const guests = ["srv_1"];
      const command = subject.command({ args: { guests } });
      await answered(subject, () => subject.bus.send("host-1", command));
      const reply = await answered(subject, () => subject.bus.status("host-1", command.commandId));
      guests.push("srv_2");
      result.guests.push("srv_2");
      expect(agent.commands[0]).toMatchObject({ args: { guests: ["srv_1"] } });
      expect(reply).toMatchObject({ result: { guests: ["srv_1"] } });
    }),
  );

  it(
    "takes a command as it was when it was sent",
    eachCase(open, async (subject) => {
      const agent = await subject.serve("host-1");
      const args = { guestId: "srv_1" };
      const command = subject.command({ args });
      const sent = subject.bus.send("host-1", command).catch(() => undefined);
      args.guestId = "srv_2";
      await sent;
      expect(agent.commands.map((some) => some.args)).toEqual(agent.commands.map(() => ({ guestId: "srv_1" })));
    }),
  );

  it(
    "freezes what arrives, on either side",
    eachCase(open, async (subject) => {
      const agent = await subject.serve("host-1", {
        status: async (commandId) => ({ state: "succeeded", commandId, result: { guests: [{ id: "srv_1" }] } }),
      });
      const command = subject.command({ args: { spec: { disks: [{ sizeGib: 1 }] } } });
      expect(isFrozen(await answered(subject, () => subject.bus.send("host-1", command)))).toBe(true);
      expect(isFrozen(agent.commands)).toBe(false);
      expect(agent.commands.every(isFrozen)).toBe(true);
      expect(isFrozen(await answered(subject, () => subject.bus.status("host-1", command.commandId)))).toBe(true);

      const reports: HostReport[] = [];
      subject.bus.reports().subscribe((report) => reports.push(report));
      const { commandId } = command;
      const reply: HostReply = { state: "succeeded", commandId, result: { disks: [{ sizeGib: 1 }] } };
      await until(
        subject,
        () => reports.length > 0,
        () => agent.report({ kind: "commandEnded", host: "host-1", reply }),
      );
      expect(reports.every(isFrozen)).toBe(true);
    }),
  );

  it(
    "refuses a command with a field that no command has, or without one that each has",
    eachCase(open, async (subject) => {
      const agent = await subject.serve("host-1");
      for (const wrong of [{ deadlineAt: 1 }, { kind: "compute.explode" }, { commandId: "cmd_1" }, { epoch: "1" }]) {
        const refused = answered(subject, () => sendWith(subject, wrong));
        await expect(refused).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      }
      expect(agent.commands).toEqual([]);
    }),
  );

  it(
    "refuses arguments that are not JSON",
    eachCase(open, async (subject) => {
      const agent = await subject.serve("host-1");
      const refused = answered(subject, () => sendWith(subject, { args: { memory: 1n } }));
      await expect(refused).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      expect(agent.commands).toEqual([]);
    }),
  );

  it(
    "lets no report through with a field that no report has",
    eachCase(open, async (subject) => {
      const agent = await subject.serve("host-1");
      const reports: HostReport[] = [];
      subject.bus.reports().subscribe((report) => reports.push(report));
      const report = { kind: "networkApplied", host: "host-1", revision: 1 } as const;
      const strange = { ...report, revision: 2, mood: "good" };
      await until(
        subject,
        () => reports.length > 0,
        () => {
          agent.report(strange);
          agent.report(report);
        },
      );
      expect(reports.every((some) => some.kind === "networkApplied" && some.revision === 1)).toBe(true);
    }),
  );
}
