import type { CallOptions } from "../connection/calls.ts";
import { isLibvirtError } from "../error.ts";
import { VIR } from "../protocol/constants.ts";
import type { DomainRef } from "../protocol/names.ts";
import type { Lane, LaneCaller, LaneCallOptions } from "./lane-caller.ts";
import { valuesOf } from "./typed-parameters.ts";
import type { ParameterValues, TypedParameter } from "./typed-parameters.ts";

/** How a domain is, and why: `VIR_DOMAIN_RUNNING` and the like, and `VIR_DOMAIN_RUNNING_BOOTED` and the like. */
export interface DomainState {
  readonly state: number;
  readonly reason: number;
}

/** A block job's progress, in units that only their ratio means something of. */
export interface BlockJob {
  /** One of `VIR_DOMAIN_BLOCK_JOB_TYPE_…`. */
  readonly type: number;
  /** What is done already. */
  readonly current: bigint;
  /** The whole, which may grow while the guest writes. */
  readonly end: bigint;
}

/** Where a change takes effect. */
export interface Affecting extends CallOptions {
  /** The running domain, its stored definition, or both. @defaultValue `["live", "config"]` */
  readonly affect?: readonly ("live" | "config")[] | undefined;
}

/**
 * One domain. What changes it goes one after the other, so that a guest that hangs holds one call and not all;
 * {@link destroy} and the questions do not wait for that.
 */
export class Domain {
  readonly #libvirt: LaneCaller;
  /** As the protocol names it. */
  readonly ref: DomainRef;

  /** Not asked of the daemon: whether there is such a domain, the first call tells. */
  constructor(libvirt: LaneCaller, ref: DomainRef) {
    this.#libvirt = libvirt;
    this.ref = ref;
  }

  /** Unique among the daemon's domains. */
  get name(): string {
    return this.ref.name;
  }

  /** Unique everywhere. */
  get uuid(): string {
    return this.ref.uuid;
  }

  /** Of this run when the domain was looked up; -1 when it did not run. */
  get id(): number {
    return this.ref.id;
  }

  /** Starts it. @param options.flags `VIR.DOMAIN_START_…` */
  async start(options: CallOptions & { readonly flags?: number } = {}): Promise<void> {
    const { flags = 0, ...rest } = options;
    await this.#libvirt.call("domainCreateWithFlags", { dom: this.ref, flags }, this.#changing("jobs", rest));
  }

  /** Asks its OS to shut down; resolves when it is asked. */
  async shutdown(options: CallOptions & { readonly flags?: number } = {}): Promise<void> {
    const { flags = 0, ...rest } = options;
    await this.#libvirt.call("domainShutdownFlags", { dom: this.ref, flags }, this.#changing("control", rest));
  }

  /** Asks its OS to restart. */
  async reboot(options: CallOptions & { readonly flags?: number } = {}): Promise<void> {
    const { flags = 0, ...rest } = options;
    await this.#libvirt.call("domainReboot", { dom: this.ref, flags }, this.#changing("control", rest));
  }

  /** Presses its reset button. */
  async reset(options: CallOptions = {}): Promise<void> {
    await this.#libvirt.call("domainReset", { dom: this.ref, flags: 0 }, this.#changing("control", options));
  }

  /** Cuts its power. Waits for nothing else that is under way with it. */
  async destroy(options: CallOptions & { readonly flags?: number } = {}): Promise<void> {
    const { flags = 0, ...rest } = options;
    await this.#libvirt.call("domainDestroyFlags", { dom: this.ref, flags }, { ...rest, lane: "control" });
  }

  /** Stops its vCPUs where they are. */
  async suspend(options: CallOptions = {}): Promise<void> {
    await this.#libvirt.call("domainSuspend", { dom: this.ref }, this.#changing("control", options));
  }

  /** Lets its vCPUs go on. */
  async resume(options: CallOptions = {}): Promise<void> {
    await this.#libvirt.call("domainResume", { dom: this.ref }, this.#changing("control", options));
  }

  /** Wakes a guest whose OS has put itself to sleep. */
  async wakeUp(options: CallOptions = {}): Promise<void> {
    await this.#libvirt.call("domainPmWakeup", { dom: this.ref, flags: 0 }, this.#changing("control", options));
  }

  /**
   * Writes its memory to a file of the daemon's and gives its power up; the next {@link start} goes on from there.
   * @param options.flags `VIR.DOMAIN_SAVE_…`
   */
  async managedSave(options: CallOptions & { readonly flags?: number } = {}): Promise<void> {
    const { flags = 0, ...rest } = options;
    await this.#libvirt.call("domainManagedSave", { dom: this.ref, flags }, this.#changing("jobs", rest));
  }

  /** Whether the daemon has a file of its memory. */
  async hasManagedSave(options: CallOptions = {}): Promise<boolean> {
    const { result } = await this.#libvirt.call(
      "domainHasManagedSaveImage",
      { dom: this.ref, flags: 0 },
      asking(options),
    );
    return result !== 0;
  }

  /** Its description as it was saved with its memory. Fails when the file was not written to its end. */
  async describeManagedSave(options: CallOptions = {}): Promise<string> {
    const args = { dom: this.ref, flags: 0 };
    return (await this.#libvirt.call("domainManagedSaveGetXmlDesc", args, asking(options))).xml;
  }

  /** Deletes the file of its memory: the next {@link start} boots. */
  async removeManagedSave(options: CallOptions = {}): Promise<void> {
    const args = { dom: this.ref, flags: 0 };
    await this.#libvirt.call("domainManagedSaveRemove", args, this.#changing("control", options));
  }

  /** Forgets its definition. @param options.flags `VIR.DOMAIN_UNDEFINE_…` */
  async undefine(options: CallOptions & { readonly flags?: number } = {}): Promise<void> {
    const { flags = 0, ...rest } = options;
    await this.#libvirt.call("domainUndefineFlags", { dom: this.ref, flags }, this.#changing("control", rest));
  }

  /** How it is, and why. */
  async state(options: CallOptions = {}): Promise<DomainState> {
    return this.#libvirt.call("domainGetState", { dom: this.ref, flags: 0 }, asking(options));
  }

  /** Its description as XML. @param options.flags `VIR.DOMAIN_XML_…`; `DOMAIN_XML_INACTIVE` for what holds at the next start */
  async describe(options: CallOptions & { readonly flags?: number } = {}): Promise<string> {
    const { flags = 0, ...rest } = options;
    return (await this.#libvirt.call("domainGetXmlDesc", { dom: this.ref, flags }, asking(rest))).xml;
  }

  /** The element that this namespace keeps in its definition, or `undefined`. */
  async metadata(namespace: string, options: CallOptions = {}): Promise<string | undefined> {
    const args = { dom: this.ref, type: VIR.DOMAIN_METADATA_ELEMENT, uri: namespace, flags: VIR.DOMAIN_AFFECT_CONFIG };
    try {
      return (await this.#libvirt.call("domainGetMetadata", args, asking(options))).metadata;
    } catch (error) {
      if (isLibvirtError(error, VIR.ERR_NO_DOMAIN_METADATA)) return undefined;
      throw error;
    }
  }

  /**
   * Keeps an element in its definition.
   * @param metadata.xml one element, which libvirt puts into the namespace; `null` removes it
   */
  async setMetadata(
    metadata: { readonly namespace: string; readonly prefix: string; readonly xml: string | null },
    options: Affecting = {},
  ): Promise<void> {
    const { affect, ...rest } = options;
    const args = {
      dom: this.ref,
      type: VIR.DOMAIN_METADATA_ELEMENT,
      metadata: metadata.xml,
      key: metadata.prefix,
      uri: metadata.namespace,
      flags: impact(affect),
    };
    await this.#libvirt.call("domainSetMetadata", args, this.#changing("control", rest));
  }

  /**
   * CPU shares, period and quota as they are in the kernel. Only of a running domain: libvirt 9.0 itself falls over
   * when it is asked for those of an inactive container.
   */
  async schedulerParameters(options: CallOptions = {}): Promise<ParameterValues> {
    const args = { dom: this.ref, nparams: 16, flags: VIR.DOMAIN_AFFECT_LIVE };
    const { params } = await this.#libvirt.call("domainGetSchedulerParametersFlags", args, asking(options));
    return valuesOf(params);
  }

  /** Changes CPU shares, period and quota. */
  async setSchedulerParameters(params: readonly TypedParameter[], options: Affecting = {}): Promise<void> {
    const { affect, ...rest } = options;
    const args = { dom: this.ref, params, flags: impact(affect) };
    await this.#libvirt.call("domainSetSchedulerParametersFlags", args, this.#changing("control", rest));
  }

  /**
   * Changes how many vCPUs it has, up to the maximum of its definition.
   * @param options.flags `VIR.DOMAIN_VCPU_…`, beside what {@link Affecting.affect} says
   */
  async setVcpus(vcpus: number, options: Affecting & { readonly flags?: number } = {}): Promise<void> {
    const { affect, flags = 0, ...rest } = options;
    const args = { dom: this.ref, nvcpus: vcpus, flags: impact(affect) | flags };
    await this.#libvirt.call("domainSetVcpusFlags", args, this.#changing("jobs", rest));
  }

  /** Adds a device. @param xml one element of `<devices>` */
  async attachDevice(xml: string, options: Affecting = {}): Promise<void> {
    const { affect, ...rest } = options;
    const args = { dom: this.ref, xml, flags: impact(affect) };
    await this.#libvirt.call("domainAttachDeviceFlags", args, this.#changing("jobs", rest));
  }

  /**
   * Asks a running guest's OS to let a device go. It is gone only when the OS has done so: see the event
   * `domainDeviceRemoved`, or {@link describe}.
   * @param xml one element of `<devices>`, with as much as it takes to know it by
   */
  async detachDevice(xml: string, options: Affecting = {}): Promise<void> {
    const { affect, ...rest } = options;
    const args = { dom: this.ref, xml, flags: impact(affect) };
    await this.#libvirt.call("domainDetachDeviceFlags", args, this.#changing("jobs", rest));
  }

  /** Lets a running guest see its disk larger. @param disk its target name, `vda`, or its file */
  async resizeDisk(disk: string, bytes: bigint, options: CallOptions = {}): Promise<void> {
    const args = { dom: this.ref, disk, size: bytes, flags: VIR.DOMAIN_BLOCK_RESIZE_BYTES };
    await this.#libvirt.call("domainBlockResize", args, this.#changing("jobs", options));
  }

  /** Statistics of many kinds. @param stats `VIR.DOMAIN_STATS_…`, 0 for all */
  async statistics(stats = 0, options: CallOptions = {}): Promise<ParameterValues> {
    const args = { doms: [this.ref], stats, flags: 0 };
    const { retStats } = await this.#libvirt.call("connectGetAllDomainStats", args, asking(options));
    return valuesOf(retStats[0]?.params ?? []);
  }

  /**
   * Begins to copy a disk; both get every write from then on until the job is aborted or pivoted.
   * @param disk its target name, `vda`
   * @param destination a `<disk>` element that says where to
   * @param flags `VIR.DOMAIN_BLOCK_COPY_…`
   */
  async blockCopy(disk: string, destination: string, flags: number, options: CallOptions = {}): Promise<void> {
    const args = { dom: this.ref, path: disk, destxml: destination, params: [], flags };
    await this.#libvirt.call("domainBlockCopy", args, this.#changing("jobs", options));
  }

  /** The job that a disk has, or `undefined`. */
  async blockJob(disk: string, options: CallOptions = {}): Promise<BlockJob | undefined> {
    const args = { dom: this.ref, path: disk, flags: 0 };
    const { found, type, cur, end } = await this.#libvirt.call("domainGetBlockJobInfo", args, asking(options));
    return found === 0 ? undefined : { type, current: cur, end };
  }

  /** Ends a disk's job. @param flags `VIR.DOMAIN_BLOCK_JOB_ABORT_…`, with `PIVOT` the disk is the copy from then on */
  async abortBlockJob(disk: string, flags = 0, options: CallOptions = {}): Promise<void> {
    const args = { dom: this.ref, path: disk, flags };
    await this.#libvirt.call("domainBlockJobAbort", args, this.#changing("jobs", options));
  }

  /** Asks the agent inside the guest. @param timeoutSeconds libvirt's own wait for it */
  async agentCommand(command: object, timeoutSeconds: number, options: CallOptions = {}): Promise<unknown> {
    const args = { dom: this.ref, cmd: JSON.stringify(command), timeout: timeoutSeconds, flags: 0 };
    const { result } = await this.#libvirt.call("qemu.domainAgentCommand", args, this.#changing("jobs", options));
    return result === null ? undefined : (JSON.parse(result) as unknown);
  }

  /** Asks QEMU's monitor, behind libvirt's back: libvirt marks the domain as tainted. */
  async monitorCommand(command: object, options: CallOptions = {}): Promise<unknown> {
    const args = { dom: this.ref, cmd: JSON.stringify(command), flags: 0 };
    const { result } = await this.#libvirt.call("qemu.domainMonitorCommand", args, this.#changing("jobs", options));
    return JSON.parse(result) as unknown;
  }

  #changing(lane: Lane, options: CallOptions): LaneCallOptions {
    return { ...options, lane, key: this.ref.uuid };
  }
}

const asking = (options: CallOptions): LaneCallOptions => ({ ...options, lane: "monitoring" });

const impact = (affect: Affecting["affect"] = ["live", "config"]): number =>
  (affect.includes("live") ? VIR.DOMAIN_AFFECT_LIVE : 0) | (affect.includes("config") ? VIR.DOMAIN_AFFECT_CONFIG : 0);
