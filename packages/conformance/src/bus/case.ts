import { isCloudHostError, uuidv7Ids } from "@cloudhost/core/ports";
import type { AgentBus, Bus, BusEndpoint, Clock, HostCommand, HostReport, Ids } from "@cloudhost/core/ports";

/** A bus to test. Each case opens one of its own. */
export interface BusSubject extends AsyncDisposable {
  /** The clouds' side. */
  readonly bus: Bus;
  /** The agents' side, perhaps in another process. */
  readonly agents: AgentBus;
  readonly clock: Clock;
  /** How long after it was sent a message may still arrive, in milliseconds of the clock. */
  readonly quietAfterMs: number;
}

/** Opens a subject: the argument of `describeBus`. */
export type OpenBusSubject = () => Promise<BusSubject>;

/** What a case works with. */
export interface BusCase extends Omit<BusSubject, typeof Symbol.asyncDispose> {
  readonly ids: Ids;
  /** Serves a host by a stub that accepts everything; parts of it may be given. */
  serve(host: string, endpoint?: Partial<BusEndpoint>): Promise<Agent>;
  /** A command that is well formed. */
  command(change?: Partial<HostCommand>): HostCommand;
}

/** A host that is served. */
export interface Agent extends AsyncDisposable {
  /** The commands that came, in order; one that was repeated on its way comes more than once. */
  readonly commands: readonly HostCommand[];
  report(report: HostReport): void;
}

/** A case: opens a subject, and closes what it served and the bus. */
export function eachCase(open: OpenBusSubject, run: (subject: BusCase) => Promise<void>): () => Promise<void> {
  return async () => {
    await using cleanup = new AsyncDisposableStack();
    const { bus, agents, clock, quietAfterMs } = cleanup.use(await open());
    const ids = uuidv7Ids(clock);
    await run({
      bus,
      agents,
      clock,
      quietAfterMs,
      ids,
      command: (change = {}) => ({
        commandId: ids.next("cmd"),
        operationId: ids.next("op"),
        epoch: 3,
        resource: "srv_1",
        kind: "compute.start",
        args: { guestId: "srv_1" },
        timeoutMs: 1_000,
        ...change,
      }),
      async serve(host, endpoint) {
        const commands: HostCommand[] = [];
        const served = cleanup.use(await agents.serve(host, stubEndpoint(commands, endpoint)));
        return {
          commands,
          report: (report) => served.report(report),
          [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
        };
      },
    });
  };
}

/**
 * Asks until an answer comes, as everybody must who uses a bus: it may lose the question or the answer. A bus that
 * loses nothing answers the first time.
 */
export async function answered<T>({ clock }: Pick<BusCase, "clock">, ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 50 || !isCloudHostError(error, "HOST_UNAVAILABLE")) throw error;
      await clock.sleep(10);
    }
  }
}

/** Does something again and again until it had its effect: for what nobody answers, such as reports. */
export async function until({ clock }: Pick<BusCase, "clock">, seen: () => boolean, act: () => void): Promise<void> {
  for (let tries = 0; tries < 200 && !seen(); tries += 1) {
    act();
    await clock.sleep(20);
  }
  if (!seen()) throw new Error("it was done 200 times and had no effect");
}

const stubEndpoint = (commands: HostCommand[], endpoint: Partial<BusEndpoint> = {}): BusEndpoint => ({
  status: async (commandId) => ({ state: "unknown", commandId }),
  cancel: async () => {},
  ...endpoint,
  async send(command) {
    commands.push(command);
    return endpoint.send?.(command) ?? { accepted: true, commandId: command.commandId };
  },
});
