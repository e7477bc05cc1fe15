import { expect, it } from "vitest";
import { answered, eachCase } from "./case.ts";
import type { OpenBusSubject } from "./case.ts";

/** Handing commands over. */
export function sendSuite(open: OpenBusSubject): void {
  it(
    "hands a command to its host's agent, and gives the answer back",
    eachCase(open, async (subject) => {
      const { bus } = subject;
      const first = await subject.serve("host-1");
      const second = await subject.serve("host-2");
      const command = subject.command();
      expect(await answered(subject, () => bus.send("host-2", command))).toEqual({
        accepted: true,
        commandId: command.commandId,
      });
      expect(second.commands[0]).toEqual(command);
      expect(first.commands).toEqual([]);
    }),
  );

  it(
    "gives a refusal back with its reason",
    eachCase(open, async (subject) => {
      const error = { code: "LOCKED", message: "A newer runner has it.", details: { by: "epoch 9" }, retryable: false };
      await subject.serve("host-1", {
        send: async ({ commandId }) => ({ accepted: false, commandId, error }),
      });
      const answer = await answered(subject, () => subject.bus.send("host-1", subject.command()));
      expect(answer).toMatchObject({ accepted: false, error });
    }),
  );

  it(
    "waits for an agent that takes its time, and for others meanwhile",
    eachCase(open, async (subject) => {
      const { bus, clock } = subject;
      await subject.serve("host-1", {
        async send({ commandId }) {
          await clock.sleep(30);
          return { accepted: true, commandId };
        },
      });
      await subject.serve("host-2");
      const commands = Array.from({ length: 20 }, () => subject.command());
      const answers = await Promise.all(
        commands.map((command, index) =>
          answered(subject, () => clock.busy(() => bus.send(`host-${(index % 2) + 1}`, command))),
        ),
      );
      expect(answers.map(({ commandId }) => commandId)).toEqual(commands.map(({ commandId }) => commandId));
    }),
  );

  it(
    "says that a host without an agent cannot be reached, and that it may be tried again",
    eachCase(open, async (subject) => {
      const unavailable = { code: "HOST_UNAVAILABLE", retryable: true, details: { host: "host-1" } };
      await expect(subject.bus.send("host-1", subject.command())).rejects.toMatchObject(unavailable);
      const agent = await subject.serve("host-1");
      await answered(subject, () => subject.bus.send("host-1", subject.command()));
      await agent[Symbol.asyncDispose]();
      const seen = agent.commands.length;
      await expect(subject.bus.send("host-1", subject.command())).rejects.toMatchObject(unavailable);
      expect(agent.commands).toHaveLength(seen);
    }),
  );

  it(
    "does not wait for good for an agent that does not answer, which may have the command all the same",
    eachCase(open, async (subject) => {
      const { bus, clock } = subject;
      const agent = await subject.serve("host-1", { send: () => clock.waiting(new Promise(() => {})) });
      const command = subject.command();
      await expect(bus.send("host-1", command)).rejects.toMatchObject({ code: "HOST_UNAVAILABLE", retryable: true });
      expect(agent.commands.every(({ commandId }) => commandId === command.commandId)).toBe(true);
    }),
  );
}
