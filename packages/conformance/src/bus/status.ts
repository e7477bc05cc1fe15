import type { HostReply } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { answered, eachCase } from "./case.ts";
import type { OpenBusSubject } from "./case.ts";

const error = { code: "GUEST_NOT_FOUND", message: "No such guest.", details: { guestId: "srv_1" }, retryable: false };

/** Each way a command can be. */
const states = (commandId: string): HostReply[] => [
  { state: "unknown", commandId },
  { state: "running", commandId, percent: 42.5 },
  { state: "succeeded", commandId, result: { guests: [{ id: "srv_1" }, null, 7, "ü"] } },
  { state: "failed", commandId, error },
];

/** Asking how commands are, and cancelling them. */
export function statusSuite(open: OpenBusSubject): void {
  it(
    "tells how a command is, in each state",
    eachCase(open, async (subject) => {
      const replies = new Map<string, HostReply>();
      await subject.serve("host-1", {
        status: async (commandId) => replies.get(commandId) ?? { state: "unknown", commandId },
      });
      for (const state of [0, 1, 2, 3]) {
        const commandId = subject.ids.next("cmd");
        const reply = states(commandId)[state] as HostReply;
        replies.set(commandId, reply);
        expect(await answered(subject, () => subject.bus.status("host-1", commandId))).toEqual(reply);
      }
    }),
  );

  it(
    "cancels a command by its id, and tells nothing of how it ended",
    eachCase(open, async (subject) => {
      const cancelled = new Set<string>();
      await subject.serve("host-1", { cancel: async (commandId) => void cancelled.add(commandId) });
      const commandId = subject.ids.next("cmd");
      expect(await answered(subject, () => subject.bus.cancel("host-1", commandId))).toBeUndefined();
      expect([...cancelled]).toEqual([commandId]);
    }),
  );

  it(
    "says that a host without an agent cannot be reached",
    eachCase(open, async ({ bus, ids }) => {
      const unavailable = { code: "HOST_UNAVAILABLE", retryable: true };
      await expect(bus.status("host-1", ids.next("cmd"))).rejects.toMatchObject(unavailable);
      await expect(bus.cancel("host-1", ids.next("cmd"))).rejects.toMatchObject(unavailable);
    }),
  );
}
