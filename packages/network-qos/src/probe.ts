import { CloudHostError } from "@cloudhost/core/ports";
import type { HostBinding } from "@cloudhost/core/ports";
import { planGuards } from "./guards/plan.ts";
import { wantedGuards } from "./guards/state.ts";
import { hostModel } from "./model.ts";
import { planRules } from "./rules/plan.ts";
import { wantedRules } from "./rules/state.ts";
import { planSetAdditions, wantedSets } from "./sets/tenant-sets.ts";
import { planShaping } from "./shaping/plan.ts";
import { wantedShaping } from "./shaping/state.ts";
import { treeDevice, treesOf } from "./shaping/trees.ts";
import type { HostModel } from "./model.ts";
import type { Command, CommandResult, RunCommand } from "./run/command.ts";
import type { Batch } from "./run/executor.ts";

/** What the kernel was found to do. */
export interface KernelFeatures {
  readonly shaping: boolean;
  readonly fairQueues: boolean;
  /** Why not, where something is missing. */
  readonly reason: string | undefined;
}

/**
 * Tries the kernel out in a scratch namespace with the same lines that a host gets. Some kernels accept a filter and
 * then match nothing, or everything; so packets are sent: the kernel announces an address by ARP when a link comes up,
 * and again under a new MAC, which is then a forgery.
 *
 * @throws CloudHostError `DEPENDENCY_MISSING` when guests cannot be kept apart at all
 */
export async function probeKernel(run: RunCommand): Promise<KernelFeatures> {
  await requireIsolation(run);
  await mustRun(run, { argv: ["ip", "-batch", "-"], lines: linkLines });
  const fairQueues =
    (await run({ argv: ["tc", "qdisc", "replace", "dev", queueLink, "root", "fq_codel"] })).exitCode === 0;
  const reason = await whyNoShaping(run);
  if (reason === undefined) return { shaping: true, fairQueues, reason };
  await requireGuards(run);
  return { shaping: false, fairQueues, reason };
}

const guestLink = "chprobe0";
const tapLink = "chprobe1";
const queueLink = "chprobe2";
const mac = "02:00:00:00:00:01";
const forgedMac = "02:00:00:00:00:02";

const linkLines = [
  `link add name ${guestLink} address ${mac} type veth peer name ${tapLink}`,
  `link add name ${queueLink} type ifb`,
  `address add 10.0.0.1/24 dev ${guestLink}`,
  ...treesOf({ capacity: { internalKbit: 1, externalKbit: 1 } }).flatMap(({ device }) => [
    `link add name ${device} type ifb`,
    `link set dev ${device} up`,
  ]),
  `link set dev ${tapLink} up`,
];

/** A host with one guest, whose tap is one end of the probe's pair. */
const probeModel = (shaping: boolean): HostModel => {
  const bandwidth = { rateKbit: 10_000, ceilKbit: 10_000 };
  const binding: HostBinding = {
    id: "",
    serverId: "",
    tap: tapLink,
    mac,
    address: "10.0.0.1",
    prefixLength: 24,
    gateway: "10.0.0.254",
    tenant: 1,
    classId: 0x10,
    internal: bandwidth,
    external: bandwidth,
  };
  return hostModel(
    { bindings: new Map([["", binding]]), members: new Map() },
    {
      options: { internal: guestLink, external: guestLink, bridge: "chprobe", internalNetworks: [] },
      capacity: shaping ? { internalKbit: 100_000, externalKbit: 100_000 } : undefined,
      fairQueues: false,
    },
  );
};

async function requireIsolation(run: RunCommand): Promise<void> {
  const model = probeModel(false);
  await mustRun(run, { argv: ["ipset", "-exist", "restore"], lines: planSetAdditions(new Map(), wantedSets(model)) });
  await mustRun(run, {
    argv: ["iptables-restore", "--noflush", "-w", "5"],
    lines: planRules(new Map(), wantedRules(model)),
  });
}

/** Guest's packets reach its class and nobody else's, and a forged one reaches none; `undefined`: they do. */
async function whyNoShaping(run: RunCommand): Promise<string | undefined> {
  const model = probeModel(true);
  const lines = [
    ...planShaping(model, new Map(), wantedShaping(model)),
    ...planGuards(model, { ingress: new Map(), egress: "" }, wantedGuards(model)),
  ];
  const written = await run(commandOf({ argv: ["tc", "-batch", "-"], lines }));
  if (written.exitCode !== 0) return reasonOf(written);
  await mustRun(run, { argv: ["sysctl", "-q", "-p", "-"], lines: [`net.ipv4.conf.${guestLink}.arp_notify = 1`] });
  const before = await packetsOf(run);
  await mustRun(run, { argv: ["ip", "-batch", "-"], lines: [`link set dev ${guestLink} up`] });
  const own = await packetsOf(run);
  await mustRun(run, { argv: ["ip", "-batch", "-"], lines: [`link set dev ${guestLink} address ${forgedMac}`] });
  const forged = await packetsOf(run);
  if (own.server <= before.server) return "a guest's packets do not reach its class";
  if (own.others !== before.others) return "a guest's packets reach the class of others";
  if (forged.server !== own.server || forged.others !== own.others) return "forged packets are not dropped";
  return undefined;
}

/** Packets that went through the guest's class, and through the class of all that no filter knows. */
async function packetsOf(run: RunCommand): Promise<{ readonly server: number; readonly others: number }> {
  const { stdout } = await run({ argv: ["tc", "-s", "class", "show", "dev", treeDevice("internal", "out")] });
  const packets = (minor: string): number =>
    Number(new RegExp(`^class htb 1:${minor} .*\\n Sent \\d+ bytes (\\d+) pkt`, "m").exec(stdout)?.[1] ?? 0);
  return { server: packets("10"), others: packets("f") };
}

async function requireGuards(run: RunCommand): Promise<void> {
  const model = probeModel(false);
  const lines = planGuards(model, { ingress: new Map(), egress: "" }, wantedGuards(model));
  await mustRun(run, { argv: ["tc", "-batch", "-"], lines });
}

async function mustRun(run: RunCommand, batch: Batch): Promise<void> {
  const result = await run(commandOf(batch));
  if (result.exitCode === 0) return;
  const [program] = batch.argv;
  const remedy =
    "Use a kernel with ifb, sch_ingress, sch_htb, cls_bpf, cls_u32, act_mirred, ip_set, xt_set, xt_bpf and xt_conntrack.";
  throw new CloudHostError(
    "DEPENDENCY_MISSING",
    `The kernel cannot keep guests apart (${program}: ${reasonOf(result)}). ${remedy}`,
    { dependency: program, remedy },
  );
}

const commandOf = ({ argv, lines }: Batch): Command => ({ argv, input: `${lines.join("\n")}\n` });

const reasonOf = ({ stderr, exitCode }: CommandResult): string =>
  stderr.trim().replaceAll(/\s*\n\s*/g, "; ") || `exit code ${exitCode}`;
