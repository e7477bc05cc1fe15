import { bytesFromGib } from "@cloudhost/core/ports";
import type { AdoptionObstacle, StrangerDisk, StrangerGuest } from "@cloudhost/core/ports";
import { isLibvirtError, VIR } from "@cloudhost/libvirt-rpc";
import type { Domain } from "@cloudhost/libvirt-rpc";
import { probePrefix } from "../host/probe-kvm.ts";
import { parseStranger } from "../xml/stranger.ts";
import type { DescribedDisk } from "../xml/stranger.ts";
import type { QemuImg } from "../tools/qemu-img.ts";
import { powerOf } from "./guests.ts";
import type { HostTools } from "./guests.ts";
import { isRecorded, parseDomain } from "./record.ts";

/** A domain that is not ours, and how libvirt describes it. */
export interface FoundStranger {
  readonly domain: Domain;
  readonly guest: StrangerGuest;
}

/** Every domain of this libvirt that is not this host's, with what keeps it from being adopted. */
export async function* findStrangers(tools: HostTools): AsyncGenerator<FoundStranger> {
  const lists = await Promise.all([true, false].map((persistent) => tools.libvirt.listDomains({ persistent })));
  const described = await Promise.all(
    lists.flatMap((domains, index) =>
      domains.map(async (domain) => {
        const found = await unlessGone(async () => {
          const xml = await domain.describe({ flags: VIR.DOMAIN_XML_INACTIVE });
          return { domain, xml, power: await powerOf(domain), persistent: index === 0 };
        });
        return found === undefined ? [] : [found];
      }),
    ),
  );
  const all = described.flat().map((each) => ({ ...each, stranger: parseStranger(each.xml) }));
  const users = Map.groupBy(
    all.flatMap(({ domain, stranger }) => stranger.disks.map(({ source }) => ({ source, uuid: domain.uuid }))),
    ({ source }) => source,
  );
  for (const { domain, persistent, power, stranger, xml } of all) {
    if (parseDomain(xml, tools.host) !== undefined || domain.name.startsWith(probePrefix)) continue;
    const { disks, nics, passedThrough, ...machine } = stranger;
    const looked = await Promise.all(disks.map((disk) => lookAt(disk, tools.qemuImg)));
    const shared = disks.filter(({ shareable, source }) => shareable || (users.get(source)?.length ?? 0) > 1);
    const obstacles: AdoptionObstacle[] = [
      ...(persistent ? [] : [obstacle("transient", "libvirt forgets it when it stops")]),
      ...(isRecorded(xml) ? [obstacle("other-cloud", "it has an entry of cloudhost that is not this host's")] : []),
      ...countOf(disks.length),
      ...looked.flatMap((each) => each.obstacles),
      ...shared.map(({ source }) => obstacle("disk-shared", `others may write to ${source}`)),
      ...passedThrough.map((what) => obstacle("device-passthrough", what)),
    ];
    const named = { key: domain.uuid, name: domain.name.slice(0, 255), power };
    yield {
      domain,
      guest: { ...named, ...machine, disks: looked.map(({ disk }) => disk), nics: [...nics], obstacles },
    };
  }
}

/** One that has gone meanwhile is no stranger any more. */
async function unlessGone<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isLibvirtError(error, VIR.ERR_NO_DOMAIN)) return undefined;
    throw error;
  }
}

function countOf(disks: number): AdoptionObstacle[] {
  if (disks === 1) return [];
  if (disks === 0) return [obstacle("no-disk", "it has no disk that it can write to")];
  return [obstacle("several-disks", `it has ${disks} disks, and only one can be its system disk`)];
}

const obstacle = (reason: AdoptionObstacle["reason"], detail: string): AdoptionObstacle => ({
  reason,
  detail: detail.slice(0, 1000),
});

/** A disk with its size and the files below it, as far as they can be read. */
async function lookAt(
  { format, isFile, source }: DescribedDisk,
  qemuImg: QemuImg,
): Promise<{ readonly disk: StrangerDisk; readonly obstacles: readonly AdoptionObstacle[] }> {
  const unread = { source, format, sizeGib: 0, backing: [] };
  if (!isFile) return { disk: unread, obstacles: [obstacle("disk-not-a-file", source)] };
  if (format !== "raw" && format !== "qcow2")
    return { disk: unread, obstacles: [obstacle("disk-format", `${source} is ${format}`)] };
  try {
    const { logicalBytes, backing } = await qemuImg.chain(source, format);
    const sizeGib = Math.max(1, Math.ceil(logicalBytes / bytesFromGib(1)));
    return { disk: { source, format, sizeGib, backing: [...backing] }, obstacles: [] };
  } catch {
    return { disk: unread, obstacles: [obstacle("disk-missing", `${source}, or a file below it, cannot be read`)] };
  }
}
