import { modulesCheck, vhostCheck } from "./checks/kernel-modules.ts";
import { connectionTableCheck, controlGroupsCheck, hugePagesCheck } from "./checks/kernel-settings.ts";
import { libvirtdCheck } from "./checks/libvirtd.ts";
import { cpuCheck, kvmCheck } from "./checks/processor.ts";
import { programChecks } from "./checks/programs.ts";
import { nodeCheck, platformCheck, userCheck } from "./checks/system.ts";
import type { Check, Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";
import { thisMachine } from "./this-machine.ts";

/** What a look at a machine is told. */
export interface ExamineOptions {
  /** Where libvirt's daemon listens. @defaultValue `/run/libvirt/libvirt-sock` */
  readonly libvirtSocket?: string;
  /** @defaultValue the one that this process runs on */
  readonly machine?: Machine;
}

/**
 * Looks whether a machine can be a host with real guests, and says how to put right what is not as it should be. It
 * changes nothing.
 * @example
 * const problems = (await examine()).filter(({ level }) => level === "problem");
 */
export async function examine(options: ExamineOptions = {}): Promise<readonly Finding[]> {
  const { libvirtSocket = "/run/libvirt/libvirt-sock", machine = thisMachine } = options;
  const checks: readonly Check[] = [
    platformCheck,
    nodeCheck,
    userCheck,
    cpuCheck,
    kvmCheck,
    ...programChecks,
    libvirtdCheck(libvirtSocket),
    modulesCheck,
    vhostCheck,
    controlGroupsCheck,
    connectionTableCheck,
    hugePagesCheck,
  ];
  return Promise.all(checks.map(async (check) => ({ check: check.name, ...(await check.look(machine)) })));
}
