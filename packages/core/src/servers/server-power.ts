import { Nothing, parseInput } from "../parse.ts";
import type { OperationHandle } from "../operations/handle.ts";
import { ServerAction, ServerConsole, RebootServer, StopServer } from "./model.ts";
import type { Server } from "./model.ts";
import type { ServerRow } from "./server-row.ts";
import {
  pauseServer,
  rebootServer,
  resumeServer,
  startServer,
  stopServer,
  suspendServer,
  unpauseServer,
} from "./operations/power.ts";
import type { ServerCalls } from "./server-calls.ts";
import type { Assignment } from "./store.ts";

/** A server's power, and who may touch it. */
export class ServerPower {
  readonly #calls: ServerCalls;

  constructor(calls: ServerCalls) {
    this.#calls = calls;
  }

  /**
   * Starts a stopped server.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` with the states in which it can be started
   */
  async start(idOrName: string, input: ServerAction = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: ServerAction, input, what: "options of start" };
    return this.#calls.act("servers.start", asked, () => ({
      action: "start",
      definition: startServer,
      plan: power(0),
    }));
  }

  /**
   * Stops a server: its OS is asked, and after the grace its power is cut. What it claims stays its own. The memory of a
   * suspended one is thrown away.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`
   */
  async stop(idOrName: string, input: StopServer = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: StopServer, input, what: "options of stop" };
    return this.#calls.act("servers.stop", asked, ({ graceMs }) => ({
      action: "stop",
      definition: stopServer,
      plan: power(graceMs),
    }));
  }

  /**
   * Restarts a server's OS, once, however often the step behind it is repeated. Soft: it is asked, and after the grace
   * its power is cut and given again. Hard: its power is cut at once; this also helps one in state `error` that still
   * has its host.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`
   */
  async reboot(idOrName: string, input: RebootServer = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: RebootServer, input, what: "options of reboot" };
    return this.#calls.act("servers.reboot", asked, ({ hard, graceMs }) => ({
      action: hard ? "hardReboot" : "reboot",
      definition: rebootServer,
      plan: power(hard ? 0 : graceMs),
    }));
  }

  /**
   * Halts a running server's vCPUs. Its memory stays on the host, and what it claims its own.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`. From `result()`: `UNSUPPORTED` where its host cannot
   */
  async pause(idOrName: string, input: ServerAction = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: ServerAction, input, what: "options of pause" };
    return this.#calls.act("servers.pause", asked, () => ({
      action: "pause",
      definition: pauseServer,
      plan: power(0),
    }));
  }

  /**
   * Lets a paused server go on.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`
   */
  async unpause(idOrName: string, input: ServerAction = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: ServerAction, input, what: "options of unpause" };
    return this.#calls.act("servers.unpause", asked, () => ({
      action: "unpause",
      definition: unpauseServer,
      plan: power(0),
    }));
  }

  /**
   * Puts a running server's memory on its host's disk and takes its power. What it claims stays its own.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`. From `result()`: `UNSUPPORTED` where its host cannot
   */
  async suspend(idOrName: string, input: ServerAction = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: ServerAction, input, what: "options of suspend" };
    return this.#calls.act("servers.suspend", asked, () => ({
      action: "suspend",
      definition: suspendServer,
      plan: power(0),
    }));
  }

  /**
   * Lets a suspended server go on where it was.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`
   */
  async resume(idOrName: string, input: ServerAction = {}): Promise<OperationHandle<Server>> {
    const asked = { idOrName, schema: ServerAction, input, what: "options of resume" };
    return this.#calls.act("servers.resume", asked, () => ({
      action: "resume",
      definition: resumeServer,
      plan: power(0),
    }));
  }

  /**
   * Keeps everybody of the project from changing the server by accident, until it is unlocked. Locked by an operator,
   * only an operator unlocks it. Operators pass a lock.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`
   */
  async lock(idOrName: string): Promise<Server> {
    const asked = { idOrName, schema: Nothing, input: {}, what: "options of lock" };
    return this.#calls.write("servers.lock", asked, "lock", ({ scope }) => ({
      set: scope.everywhere ? lockedByOperator : lockedByProject,
    }));
  }

  /**
   * Takes the lock away. One that is not locked is left as it is.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`, also for a member where an operator has locked it
   */
  async unlock(idOrName: string): Promise<Server> {
    const asked = { idOrName, schema: Nothing, input: {}, what: "options of unlock" };
    return this.#calls.write("servers.unlock", asked, "unlock", () => ({ set: unlocked }));
  }

  /**
   * The end of what the server has written to its serial console.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`, `UNSUPPORTED` where its host keeps none, `HOST_UNAVAILABLE`
   */
  async console(idOrName: string, input: ServerConsole = {}): Promise<string> {
    const scope = await this.#calls.caller.may("servers.console");
    const { mostBytes } = parseInput(ServerConsole, input, "options of console");
    const row = await this.#calls.allowed(scope, idOrName, "console");
    return this.#calls.dependencies.guests.consoleLog(row.id, row.host_id ?? "", mostBytes);
  }
}

const lockedByOperator: Assignment = { sql: "locked_by = 'operator'", bindings: [] };
/** An operator's lock stays one. */
const lockedByProject: Assignment = { sql: "locked_by = COALESCE(locked_by, 'project')", bindings: [] };
const unlocked: Assignment = { sql: "locked_by = NULL", bindings: [] };

/** What an operation on a server's power needs. */
const power =
  (graceMs: number) =>
  ({ host_id: hostId }: ServerRow): object => ({ hostId, graceMs });
