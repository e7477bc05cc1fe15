import { CloudHostError, idFromUuid, uuidOf } from "@cloudhost/core/ports";
import type { Clock, GuestState } from "@cloudhost/core/ports";
import { isLibvirtError, VIR } from "@cloudhost/libvirt-rpc";
import type { Domain, Libvirt } from "@cloudhost/libvirt-rpc";
import { guestNotFound } from "../errors.ts";
import type { QemuImg } from "../tools/qemu-img.ts";
import type { DomainHost } from "../xml/domain.ts";
import { hasBooted } from "./boot-port.ts";
import { guestFiles } from "./files.ts";
import { readOriginal } from "./original.ts";
import type { GuestFiles } from "./files.ts";
import { metadataNamespace, metadataPrefix, parseDomain, recordXml } from "./record.ts";
import type { DescribedGuest, GuestRecord } from "./record.ts";

/** What a driver's parts work with: one host's libvirt, and what is known of the host. */
export interface HostTools {
  readonly host: string;
  readonly libvirt: Libvirt;
  readonly qemuImg: QemuImg;
  readonly clock: Clock;
  readonly instancesDir: string;
  readonly domainHost: DomainHost;
}

/** A guest of ours that libvirt knows. */
export interface FoundGuest extends DescribedGuest {
  readonly domain: Domain;
  readonly files: GuestFiles;
}

/** Finds this host's guests in libvirt, and tells how they are. Strangers' domains are not seen. */
export class Guests {
  readonly #tools: HostTools;
  /** Ids of adopted guests by their domains' UUIDs, as far as they were seen. */
  readonly #adopted = new Map<string, string>();

  constructor(tools: HostTools) {
    this.#tools = tools;
  }

  files(guestId: string): GuestFiles {
    return guestFiles(this.#tools.instancesDir, guestId);
  }

  async find(guestId: string): Promise<FoundGuest | undefined> {
    const { libvirt } = this.#tools;
    const domain = await libvirt.findDomain({ uuid: uuidOf(guestId) });
    const found = domain === undefined ? await this.#findAdopted(guestId) : await this.#describe(domain);
    return found?.record.spec.id === guestId ? found : undefined;
  }

  /** The id of a domain's guest: its own UUID's, or the one that it was adopted under. */
  idOf({ name, uuid }: { readonly name: string; readonly uuid: string }): string | undefined {
    const id = idFromUuid("srv", uuid);
    return name === id ? id : this.#adopted.get(uuid);
  }

  /** A domain is a stranger's again. */
  forget(uuid: string): void {
    this.#adopted.delete(uuid);
  }

  /** @throws CloudHostError `GUEST_NOT_FOUND` */
  async require(guestId: string): Promise<FoundGuest> {
    const found = await this.find(guestId);
    if (found === undefined) throw guestNotFound(guestId);
    return found;
  }

  async *all(): AsyncGenerator<FoundGuest> {
    for (const domain of await this.#tools.libvirt.listDomains({ persistent: true })) {
      const found = await this.#describe(domain);
      if (found !== undefined) yield found;
    }
  }

  /** How a guest is; `undefined` when it was removed since it was found. */
  async stateOf({ domain, files, run, record }: FoundGuest): Promise<GuestState | undefined> {
    try {
      const power = await powerOf(domain);
      const { id } = record.spec;
      // Described while it ran, it may have stopped since; the other way round its run is not known.
      if (run === undefined || power === "stopped" || power === "suspended") {
        return { id, power: power === "suspended" ? power : "stopped", ready: "unknown" };
      }
      // Nothing in a guest that others have made tells that its OS has booted.
      if (record.adopted !== undefined) return { id, power, ready: "unknown" };
      return { id, power, ready: (await hasBooted(files, run)) ? "ready" : "booting" };
    } catch (error) {
      if (isLibvirtError(error, VIR.ERR_NO_DOMAIN)) return undefined;
      throw error;
    }
  }

  /**
   * The guest, when its power is as it must be.
   * @throws CloudHostError `GUEST_NOT_FOUND`, `CONFLICT`
   */
  async requirePower(guestId: string, ...allowed: readonly GuestState["power"][]): Promise<FoundGuest> {
    const found = await this.require(guestId);
    const power = await powerOf(found.domain);
    if (allowed.includes(power)) return found;
    const message = `${guestId} is ${power}, and must be ${allowed.join(" or ")}.`;
    throw new CloudHostError("CONFLICT", message, { state: power, allowed });
  }

  /** Keeps another record with a guest, for its run and for the next. */
  async keep({ domain, run }: FoundGuest, record: GuestRecord): Promise<void> {
    const metadata = { namespace: metadataNamespace, prefix: metadataPrefix, xml: recordXml(record) };
    await domain.setMetadata(metadata, { affect: run === undefined ? ["config"] : ["live", "config"] });
  }

  async #findAdopted(guestId: string): Promise<FoundGuest | undefined> {
    const original = await readOriginal(this.files(guestId));
    const domain = original && (await this.#tools.libvirt.findDomain({ uuid: original.key }));
    return domain && this.#describe(domain);
  }

  async #describe(domain: Domain): Promise<FoundGuest | undefined> {
    try {
      const described = parseDomain(await domain.describe(), this.#tools.host);
      if (described === undefined) return undefined;
      const { adopted, spec } = described.record;
      if (adopted !== undefined) this.#adopted.set(domain.uuid, spec.id);
      return { ...described, domain, files: this.files(spec.id) };
    } catch (error) {
      if (isLibvirtError(error, VIR.ERR_NO_DOMAIN)) return undefined;
      throw error;
    }
  }
}

/**
 * QEMU itself pauses a guest that writes while the host's disk is full. It is `paused` like one that somebody paused:
 * its memory is there, and it can go on.
 */
export async function powerOf(domain: Domain): Promise<GuestState["power"]> {
  switch ((await domain.state()).state) {
    case VIR.DOMAIN_SHUTOFF:
    case VIR.DOMAIN_CRASHED:
      return (await domain.hasManagedSave()) ? "suspended" : "stopped";
    case VIR.DOMAIN_PAUSED:
    case VIR.DOMAIN_PMSUSPENDED:
      return "paused";
    default:
      return "running";
  }
}
