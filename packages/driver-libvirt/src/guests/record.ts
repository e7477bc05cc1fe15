import { GuestSpec } from "@cloudhost/core/ports";
import { z } from "zod";
import { systemTarget } from "../xml/devices.ts";
import { element, renderXml, textElement } from "../xml/element.ts";
import type { Element } from "../xml/element.ts";
import { XmlNode } from "../xml/parse.ts";

/** Our namespace in a domain's metadata. */
export const metadataNamespace = "https://cloudhost.dev/xmlns/guest/1";
export const metadataPrefix = "cloudhost";

/** The last reboot that was asked for. */
export const RebootMark = z.object({
  commandId: z.string(),
  /**
   * libvirt's id of the run that it shall end. Each start has another, so that whoever comes back after a crash sees
   * whether it has been ended already.
   */
  endsRun: z.int(),
  done: z.boolean(),
});
export type RebootMark = z.infer<typeof RebootMark>;

/** A disk of an adopted guest, which stays where it was. */
const AdoptedDisk = z.object({ path: z.string(), format: z.enum(["raw", "qcow2"]), target: z.string() });

/**
 * What we keep with a domain, in libvirt: there while the domain is, and gone with it. What a newer version keeps
 * beside this is left there: its guests are guests to an older one as well.
 */
export const GuestRecord = z.looseObject({
  /** The host whose driver made it: another driver of the same libvirt leaves it alone. */
  host: z.string(),
  spec: GuestSpec.loose(),
  reboot: RebootMark.optional(),
  /** Of one that was a stranger: its domain keeps its UUID and name. */
  adopted: z.object({ key: z.string(), disk: AdoptedDisk }).optional(),
});
export type GuestRecord = z.infer<typeof GuestRecord>;

/** The record as the element that libvirt keeps. JSON in ASCII: no escape of XML's is needed but the usual ones. */
export const recordElement = (record: GuestRecord): Element =>
  element(
    `${metadataPrefix}:guest`,
    { [`xmlns:${metadataPrefix}`]: metadataNamespace },
    textElement(`${metadataPrefix}:record`, asciiJson(record)),
  );

/** The same for libvirt's call that sets metadata, which adds the namespace itself. */
export const recordXml = (record: GuestRecord): string =>
  renderXml(element("guest", {}, textElement("record", asciiJson(record))));

/** A domain of ours, as libvirt describes it. */
export interface DescribedGuest {
  readonly record: GuestRecord;
  /** libvirt's id of this run, or `undefined` while it is stopped. */
  readonly run: number | undefined;
  /** The file that its system disk is being copied to, and whether the copy has caught up. */
  readonly mirror: { readonly path: string; readonly ready: boolean } | undefined;
}

/** Reads a domain's description; `undefined` for a domain that is not this host's. */
export function parseDomain(xml: string, host: string): DescribedGuest | undefined {
  const domain = XmlNode.parse(xml).one("domain");
  const json = domain.one("metadata", `${metadataPrefix}:guest`, `${metadataPrefix}:record`).text;
  if (json === undefined) return undefined;
  const record = GuestRecord.safeParse(parseJson(json));
  if (!record.success || record.data.host !== host) return undefined;
  const id = domain.attribute("id");
  const name = record.data.adopted?.disk.target ?? systemTarget(record.data.spec);
  const [disk] = domain.all("devices", "disk").filter((each) => each.one("target").attribute("dev") === name);
  const path = disk?.one("mirror", "source").attribute("file");
  return {
    record: record.data,
    run: id === undefined ? undefined : Number(id),
    mirror: path === undefined ? undefined : { path, ready: disk?.one("mirror").attribute("ready") === "yes" },
  };
}

/** Whether a domain has an entry of ours, be it this host's or not, be it readable or not. */
export const isRecorded = (xml: string): boolean =>
  XmlNode.parse(xml).all("domain", "metadata", `${metadataPrefix}:guest`).length > 0;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
