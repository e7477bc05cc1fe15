import type { CallOptions } from "../connection/calls.ts";
import { Connection } from "../connection/connection.ts";
import type { ConnectionOptions } from "../connection/connection.ts";
import type { LibvirtStream } from "../connection/stream.ts";
import { isLibvirtError } from "../error.ts";
import { VIR } from "../protocol/constants.ts";
import type { ArgsOf, EventName, ProcedureName, ResultOf } from "../protocol/names.ts";
import { Domain } from "./domain.ts";
import type { DomainState } from "./domain.ts";
import { KeyedMutex } from "./keyed-mutex.ts";
import type { Lane, LaneCaller, LaneCallOptions } from "./lane-caller.ts";
import { ConnectionLane } from "./lane.ts";
import { valuesOf } from "./typed-parameters.ts";
import type { ParameterValues } from "./typed-parameters.ts";
import { watch } from "./watch.ts";
import type { ReconnectOptions, Watched } from "./watch.ts";

/** Where and how a {@link Libvirt} connects. */
export interface LibvirtOptions extends ConnectionOptions {
  /** The most connections of each lane; a lane begins with one. @defaultValue 4 */
  readonly maxConnectionsPerLane?: number | undefined;
  /** How a lost daemon is looked for again while events are watched. */
  readonly reconnect?: ReconnectOptions | undefined;
}

/** Which domains to list. Without any, all. */
export interface DomainFilter {
  readonly active?: boolean | undefined;
  readonly persistent?: boolean | undefined;
}

/**
 * A hypervisor of a libvirt daemon: connections enough that one guest that hangs holds up no other, opened again when
 * the daemon was restarted. A call that fails is not repeated: whether it was done, only its caller can find out.
 *
 * @example
 * await using libvirt = await Libvirt.open({ uri: "qemu:///system" });
 * for (const domain of await libvirt.listDomains()) console.log(domain.name, await domain.state());
 */
export class Libvirt implements LaneCaller, AsyncDisposable {
  readonly #options: LibvirtOptions;
  readonly #lanes: Readonly<Record<Lane, ConnectionLane>>;
  readonly #mutex = new KeyedMutex();
  readonly #closing = new AbortController();

  private constructor(options: LibvirtOptions) {
    this.#options = options;
    const lane = (): ConnectionLane =>
      new ConnectionLane({
        open: () => Connection.open(options),
        maxConnections: options.maxConnectionsPerLane ?? 4,
        maxInFlight: options.maxInFlight ?? 4,
      });
    this.#lanes = { control: lane(), monitoring: lane(), jobs: lane() };
  }

  /**
   * Connects once, so that a daemon that is not there is found out now.
   * @throws LibvirtError as {@link Connection.open}
   */
  static async open(options: LibvirtOptions = {}): Promise<Libvirt> {
    const libvirt = new Libvirt(options);
    await libvirt.#lanes.control.use(() => Promise.resolve());
    return libvirt;
  }

  /**
   * Calls any procedure of the protocol.
   * @throws LibvirtError
   */
  async call<Name extends ProcedureName>(
    name: Name,
    args: ArgsOf<Name>,
    { lane = "control", key, ...options }: LaneCallOptions = {},
  ): Promise<ResultOf<Name>> {
    const call = (): Promise<ResultOf<Name>> =>
      this.#lanes[lane].use((connection) => connection.call(name, args, options));
    return key === undefined ? call() : this.#mutex.run(key, call);
  }

  /**
   * Opens a stream on a connection of its own, which closes with it.
   * @throws LibvirtError
   */
  async openStream<Name extends ProcedureName>(
    name: Name,
    args: ArgsOf<Name>,
  ): Promise<LibvirtStream & AsyncDisposable> {
    const connection = await Connection.open(this.#options);
    try {
      const stream = await connection.openStream(name, args);
      void stream.ended.then(() => connection.close());
      return stream;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /**
   * Events, over a connection of their own, until the signal fires or the client is closed. The first thing told is
   * `subscribed`, and again after each loss of the daemon: list then, since nothing tells what happened in between.
   */
  watch<Name extends EventName>(
    names: readonly Name[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncIterable<Watched<Name>> {
    const signals = [this.#closing.signal, ...(options.signal === undefined ? [] : [options.signal])];
    const open = (): Promise<Connection> => Connection.open(this.#options);
    return watch(open, names, AbortSignal.any(signals), this.#options.reconnect ?? {});
  }

  /** The daemon's host, as it calls itself. */
  async hostname(options: CallOptions = {}): Promise<string> {
    return (await this.call("connectGetHostname", {}, monitoring(options))).hostname;
  }

  /** Versions as `{ libvirt: "9.0.0", hypervisor: "7.2.22" }`. */
  async versions(options: CallOptions = {}): Promise<{ readonly libvirt: string; readonly hypervisor: string }> {
    const { libVer } = await this.call("connectGetLibVersion", {}, monitoring(options));
    const { hvVer } = await this.call("connectGetVersion", {}, monitoring(options));
    return { libvirt: versionText(libVer), hypervisor: versionText(hvVer) };
  }

  /** What the host has and which guests it takes, as libvirt's capabilities XML. */
  async capabilities(options: CallOptions = {}): Promise<string> {
    return (await this.call("connectGetCapabilities", {}, monitoring(options))).capabilities;
  }

  /** Every domain, or those of one kind. */
  async listDomains(filter: DomainFilter = {}, options: CallOptions = {}): Promise<Domain[]> {
    const flags =
      choice(filter.active, VIR.CONNECT_LIST_DOMAINS_ACTIVE, VIR.CONNECT_LIST_DOMAINS_INACTIVE) |
      choice(filter.persistent, VIR.CONNECT_LIST_DOMAINS_PERSISTENT, VIR.CONNECT_LIST_DOMAINS_TRANSIENT);
    const { domains } = await this.call("connectListAllDomains", { needResults: 1, flags }, monitoring(options));
    return domains.map((ref) => new Domain(this, ref));
  }

  /**
   * Every domain and how it is, in one call where the hypervisor can, so that a thousand take no longer than ten.
   * @param options.of only these
   */
  async domainStates(
    options: CallOptions & { readonly of?: readonly Domain[] } = {},
  ): Promise<{ readonly domain: Domain; readonly state: DomainState }[]> {
    const { of = [], ...rest } = options;
    const args = { doms: of.map(({ ref }) => ref), stats: VIR.DOMAIN_STATS_STATE, flags: 0 };
    try {
      const { retStats } = await this.call("connectGetAllDomainStats", args, monitoring(rest));
      return retStats.map(({ dom, params }) => ({ domain: new Domain(this, dom), state: stateOf(valuesOf(params)) }));
    } catch (error) {
      if (!isLibvirtError(error, VIR.ERR_NO_SUPPORT)) throw error;
      const domains = of.length > 0 ? of : await this.listDomains({}, rest);
      return Promise.all(domains.map(async (domain) => ({ domain, state: await domain.state(rest) })));
    }
  }

  /** The domain with this UUID or name, or `undefined`. */
  async findDomain(
    by: { readonly uuid: string } | { readonly name: string },
    options: CallOptions = {},
  ): Promise<Domain | undefined> {
    try {
      const { dom } =
        "uuid" in by
          ? await this.call("domainLookupByUuid", by, monitoring(options))
          : await this.call("domainLookupByName", by, monitoring(options));
      return new Domain(this, dom);
    } catch (error) {
      if (isLibvirtError(error, VIR.ERR_NO_DOMAIN)) return undefined;
      throw error;
    }
  }

  /**
   * Defines a persistent domain, or changes its definition; a running one takes most changes at its next start.
   * @param options.flags `VIR.DOMAIN_DEFINE_VALIDATE` checks the XML against libvirt's schema first
   * @throws LibvirtError `daemon` for XML that libvirt refuses
   */
  async defineDomain(xml: string, options: CallOptions & { readonly flags?: number } = {}): Promise<Domain> {
    const { flags = 0, ...rest } = options;
    const { dom } = await this.call("domainDefineXmlFlags", { xml, flags }, { ...rest, lane: "control" });
    return new Domain(this, dom);
  }

  /** Starts a transient domain: it is gone when it stops. */
  async createDomain(xml: string, options: CallOptions & { readonly flags?: number } = {}): Promise<Domain> {
    const { flags = 0, ...rest } = options;
    const { dom } = await this.call("domainCreateXml", { xmlDesc: xml, flags }, { ...rest, lane: "jobs" });
    return new Domain(this, dom);
  }

  /** Closes every connection and ends every watch. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(Object.values(this.#lanes).map((lane) => lane.close()));
  }

  /** {@link Libvirt.close} */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const monitoring = (options: CallOptions): LaneCallOptions => ({ ...options, lane: "monitoring" });

const stateOf = (values: ParameterValues): DomainState => ({
  state: Number(values["state.state"]),
  reason: Number(values["state.reason"]),
});

const choice = (wanted: boolean | undefined, yes: number, no: number): number =>
  wanted === undefined ? 0 : wanted ? yes : no;

/** libvirt counts a version as major × 1,000,000 + minor × 1,000 + release. */
function versionText(version: bigint): string {
  const number = Number(version);
  return [Math.floor(number / 1_000_000), Math.floor(number / 1000) % 1000, number % 1000].join(".");
}
