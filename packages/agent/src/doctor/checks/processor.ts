import { milliEcuPerCoreOf } from "@cloudhost/core/ports";
import { ok, warning } from "../finding.ts";
import type { Check } from "../finding.ts";

/** Whether it is known how much compute a core has. */
export const cpuCheck: Check = {
  name: "cpu",
  async look({ read }) {
    const model = field((await read("/proc/cpuinfo")) ?? "", "model name") ?? "a processor that does not say its model";
    const milliEcu = milliEcuPerCoreOf(model);
    if (milliEcu !== undefined) return ok(`${model}: ${milliEcu / 1000} EUCU a core`);
    return warning(
      `${model}: how many EUCU a core of it has is not known.`,
      "State milliEcuPerCore in the host's compute options; what guests get is then shown as an estimate.",
    );
  },
};

/** Whether guests run on the processor itself. */
export const kvmCheck: Check = {
  name: "kvm",
  async look({ access, read }) {
    const found = await access("/dev/kvm");
    if (found === "usable") {
      return ok("/dev/kvm is there. Whether it works the driver tries with a guest of a second, at its start.");
    }
    if (found === "denied") {
      return warning("/dev/kvm is there, and this user may not use it.", "Add the user to the group kvm.");
    }
    const flags = ` ${field((await read("/proc/cpuinfo")) ?? "", "flags") ?? ""} `;
    const kernelModule = flags.includes(" vmx ") ? "kvm_intel" : flags.includes(" svm ") ? "kvm_amd" : undefined;
    const slow = "There is no /dev/kvm: guests would be emulated, which is some ten times slower.";
    if (kernelModule === undefined) {
      return warning(
        slow,
        "Switch virtualisation on in the firmware (VT-x, AMD-V), or nested virtualisation in the outer host.",
      );
    }
    return warning(slow, `modprobe ${kernelModule}`);
  },
};

/** The first value of a field of /proc/cpuinfo. */
const field = (cpuinfo: string, name: string): string | undefined =>
  new RegExp(`^${name}\\s*: (.+)$`, "m").exec(cpuinfo)?.[1];
