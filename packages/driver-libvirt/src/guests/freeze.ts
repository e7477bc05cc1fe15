import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { CloudHostError } from "@cloudhost/core/ports";
import type { Clock, DiskSource, GuestSpec } from "@cloudhost/core/ports";
import { isLibvirtError, VIR } from "@cloudhost/libvirt-rpc";
import type { Domain } from "@cloudhost/libvirt-rpc";
import { throwIfCancelled } from "../errors.ts";
import type { QemuImg } from "../tools/qemu-img.ts";
import { systemTarget } from "../xml/devices.ts";
import { element, renderXml } from "../xml/element.ts";
import type { GuestFiles } from "./files.ts";
import type { DescribedGuest } from "./record.ts";
import { copyWhole, giveName, requireRoom } from "./whole-files.ts";

const pollMs = 50;
/**
 * Only the layer over the base, into a file that is there; the guest's writes wait until the copy has them too, so
 * that it catches up with any guest; nothing is kept for resuming a copy, which is simply made again.
 */
const copyFlags =
  VIR.DOMAIN_BLOCK_COPY_SHALLOW |
  VIR.DOMAIN_BLOCK_COPY_REUSE_EXT |
  VIR.DOMAIN_BLOCK_COPY_TRANSIENT_JOB |
  VIR.DOMAIN_BLOCK_COPY_SYNCHRONOUS_WRITES;

/** What freezing works with. */
export interface FreezeTools {
  readonly qemuImg: QemuImg;
  readonly clock: Clock;
  /** How the domain is now. */
  readonly describe: () => Promise<DescribedGuest>;
}

/**
 * Makes a picture of a guest's system disk: its copy-on-write layer, copied as it was at one moment. The guest's own
 * disk is read and never changed, neither now nor at the release: whatever fails, and at whatever point, the guest
 * does not notice, and what is left is one file whose name says that it is not finished.
 *
 * @throws CloudHostError `EXHAUSTED` where there is no room for the copy, `CANCELLED`
 */
export async function freezeSystemDisk(
  domain: Domain,
  files: GuestFiles,
  snapshotId: string,
  tools: FreezeTools,
  signal?: AbortSignal,
): Promise<void> {
  const target = files.frozen(snapshotId);
  const partial = files.freezing(snapshotId);
  await mkdir(files.frozenDir, { recursive: true });
  for (;;) {
    throwIfCancelled(signal, `freezing a disk of ${domain.name}`);
    await abandonCopy(domain, files, tools);
    await rm(partial, { force: true });
    await requireRoom(files.frozenDir, [files.system], "a frozen disk");
    const { run, record } = await tools.describe();
    try {
      if (run === undefined) await copyWhole(files.system, partial);
      else if (!(await copyRunning(domain, { run, spec: record.spec }, files, partial, tools, signal))) continue;
      await giveName(partial, target);
      return;
    } catch (error) {
      await abandonCopy(domain, files, tools).catch(() => {});
      await rm(partial, { force: true });
      throw error;
    }
  }
}

/** Ends a copy of ours that is under way, whoever began it. */
export async function abandonCopy(
  domain: Domain,
  files: GuestFiles,
  { describe }: Pick<FreezeTools, "describe">,
): Promise<void> {
  const { mirror, record } = await describe();
  if (mirror !== undefined && dirname(mirror.path) === files.frozenDir) {
    await endCopy(domain, systemTarget(record.spec));
  }
}

/** The picture as it can be read: its layer and the base below. */
export const frozenSource = (spec: GuestSpec, files: GuestFiles, snapshotId: string): DiskSource => {
  const path = files.frozen(snapshotId);
  return { path, format: "qcow2", chain: [path, spec.base.path] };
};

/** Copies the disk of a running guest; `false` when the guest was stopped meanwhile, and its file can be copied as it is. */
async function copyRunning(
  domain: Domain,
  { run, spec }: { readonly run: number; readonly spec: GuestSpec },
  files: GuestFiles,
  partial: string,
  { qemuImg, clock, describe }: FreezeTools,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { logicalBytes } = await qemuImg.info(files.system, "qcow2");
  await qemuImg.create(partial, logicalBytes, spec.base);
  const destination = element(
    "disk",
    { type: "file" },
    element("driver", { type: "qcow2" }),
    element("source", { file: partial }),
  );
  const target = systemTarget(spec);
  try {
    await domain.blockCopy(target, renderXml(destination), copyFlags);
    for (;;) {
      throwIfCancelled(signal, `freezing a disk of ${domain.name}`);
      const now = await describe();
      if (now.mirror?.ready === true) break;
      if (now.mirror === undefined && now.run === run) throw copyFailed(domain);
      if (now.mirror === undefined) return false;
      await clock.sleep(pollMs, signal);
    }
    // The copy ends at this moment, with all that was written until then and nothing after.
    await domain.abortBlockJob(target);
  } catch (error) {
    if (!isStoppedMeanwhile(error)) throw error;
    return false;
  }
  return true;
}

async function endCopy(domain: Domain, target: string): Promise<void> {
  try {
    await domain.abortBlockJob(target);
  } catch (error) {
    if (!isStoppedMeanwhile(error)) throw error;
  }
}

function copyFailed(domain: Domain): CloudHostError {
  const reason = "QEMU gave up the copy of its disk, as when there is no room left for it";
  return new CloudHostError("INTERNAL", `${domain.name}: ${reason}.`, { reason }, { retryable: true });
}

/** libvirt says "operation invalid" of a domain that is not running, and of a disk that has no job. */
const isStoppedMeanwhile = (error: unknown): boolean => isLibvirtError(error, VIR.ERR_OPERATION_INVALID);
