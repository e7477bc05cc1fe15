import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@cloudhost/core/ports";
import { isLibvirtError, VIR } from "@cloudhost/libvirt-rpc";
import type { Domain, Libvirt } from "@cloudhost/libvirt-rpc";
import { z } from "zod";
import { kvmCpu } from "../xml/domain.ts";
import { element, renderXml, textElement } from "../xml/element.ts";

/** Names of probe guests begin so, and of no others. */
export const probePrefix = "cloudhost-probe-";
/** How long the probe guest must have run before it counts as running. */
const runsMs = 1000;
/** Where KVM is broken, libvirt may take most of a minute to say so. The guest is then simply called emulated. */
const probeTimeoutMs = 20_000;

const Finding = z.strictObject({ bootId: z.string(), works: z.boolean() });

/** What the probe works with. */
export interface KvmProbe {
  readonly libvirt: Libvirt;
  readonly clock: Clock;
  readonly architecture: string;
  /** Where the finding is kept, so that it is made once after each start of the host. */
  readonly stateDir: string;
  readonly host: string;
}

/**
 * Whether KVM works here. That `/dev/kvm` is there says little, inside another virtual machine above all: so a tiny
 * guest without a disk is started, with the processor that guests get, and must still run a moment later.
 */
export async function probeKvm(probe: KvmProbe): Promise<boolean> {
  const path = join(probe.stateDir, "kvm-probe.json");
  const bootId = (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "")).trim();
  const known = Finding.safeParse(parse(await readFile(path, "utf8").catch(() => "")));
  if (known.success && known.data.bootId === bootId) return known.data.works;
  const works = await runsUnderKvm(probe);
  await writeFile(path, JSON.stringify({ bootId, works } satisfies z.infer<typeof Finding>));
  return works;
}

async function runsUnderKvm({ libvirt, clock, architecture, host }: KvmProbe): Promise<boolean> {
  let domain: Domain | undefined;
  try {
    domain = await libvirt.createDomain(probeXml(host, architecture), { timeoutMs: probeTimeoutMs });
    await clock.sleep(runsMs);
    return (await domain.state()).state === VIR.DOMAIN_RUNNING;
  } catch (error) {
    if (isLibvirtError(error) && (error.kind === "daemon" || error.kind === "timeout")) return false;
    throw error;
  } finally {
    await domain?.destroy().catch(() => {});
  }
}

const probeXml = (host: string, architecture: string): string =>
  renderXml(
    element(
      "domain",
      { type: "kvm" },
      textElement("name", `${probePrefix}${host}`),
      element("memory", { unit: "MiB" }, "64"),
      textElement("vcpu", 1),
      element("os", {}, element("type", { arch: architecture }, "hvm")),
      // As guests have it: some KVM runs a plain processor and fails with the host's own.
      kvmCpu,
      element("devices", {}, element("controller", { type: "usb", model: "none" })),
    ),
  );

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
