import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InProcessBus, clockHeartbeats, openHostAgent } from "../../../src/agent/index.ts";
import type { BusFaults, HostAgent, HostAgentOptions } from "../../../src/agent/index.ts";
import { VirtualClock, host, uuidv7Ids } from "../../../src/ports/index.ts";
import type { Clock, HostCommand, HostConfig, HostReport, Ids } from "../../../src/ports/index.ts";
import { StubHost, stubHosts } from "./stub-host.ts";
import { stubImages } from "./stub-images.ts";

/** What a stub agent's test may change. */
export interface StubOptions {
  readonly clock?: Clock;
  readonly faults?: BusFaults;
  readonly requestTimeoutMs?: number;
  /** A folder that outlives the stub. */
  readonly stateDir?: string;
  readonly agent?: Partial<HostAgentOptions>;
}

/** A host of stub drivers with a real agent and a real bus. */
export class StubAgent implements AsyncDisposable {
  readonly name: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly bus: InProcessBus;
  readonly host = new StubHost();
  readonly stateDir: string;
  readonly reports: HostReport[] = [];
  readonly #options: StubOptions;
  #agent: HostAgent | undefined;

  private constructor(stateDir: string, options: StubOptions) {
    this.#options = options;
    this.stateDir = stateDir;
    this.name = `stub-${stubHosts.size + 1}`;
    stubHosts.set(this.name, this.host);
    this.clock = options.clock ?? new VirtualClock();
    this.ids = uuidv7Ids(this.clock);
    const { requestTimeoutMs, faults } = options;
    this.bus = new InProcessBus({ clock: this.clock, requestTimeoutMs, faults });
    this.bus.reports().subscribe((report) => this.reports.push(report));
  }

  /** Makes the host; its agent is not open yet. */
  static async make(options: StubOptions = {}): Promise<StubAgent> {
    return new StubAgent(options.stateDir ?? (await mkdtemp(join(tmpdir(), "cloudhost-agent-"))), options);
  }

  /** Makes the host and opens its agent. */
  static async open(options: StubOptions = {}): Promise<StubAgent> {
    const stub = await StubAgent.make(options);
    await stub.open();
    return stub;
  }

  get config(): HostConfig {
    const driver = (file: string): HostConfig["compute"] => ({
      module: new URL(file, import.meta.url).href,
      options: { key: this.name },
    });
    return host({
      name: this.name,
      zone: "az-1",
      compute: driver("./stub-compute.ts"),
      network: driver("./stub-network.ts"),
    });
  }

  get agent(): HostAgent {
    if (this.#agent === undefined) throw new Error("the stub agent is not open");
    return this.#agent;
  }

  /** Opens the agent, or one more over the same folder. */
  async open(options: Partial<HostAgentOptions> = {}): Promise<HostAgent> {
    const { clock, ids, bus, stateDir, config } = this;
    this.#agent = await openHostAgent({
      config,
      bus,
      images: stubImages(this.host),
      clock,
      ids,
      stateDir,
      heartbeats: clockHeartbeats(clock),
      ...this.#options.agent,
      ...options,
    });
    return this.#agent;
  }

  /** Closes the agent and opens it anew. */
  async reopen(): Promise<HostAgent> {
    await this.agent[Symbol.asyncDispose]();
    return this.open();
  }

  /** A command about one guest. */
  command(kind: HostCommand["kind"], guestId: string, change: Partial<HostCommand> = {}): HostCommand {
    const args = kind === "compute.stop" || kind === "compute.reboot" ? { guestId, graceMs: 0 } : { guestId };
    return {
      commandId: this.ids.next("cmd"),
      operationId: null,
      epoch: 1,
      resource: guestId,
      kind,
      args,
      timeoutMs: 60_000,
      ...change,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent?.[Symbol.asyncDispose]();
    await this.bus[Symbol.asyncDispose]();
    if (this.#options.stateDir === undefined) await rm(this.stateDir, { recursive: true, force: true });
  }
}
