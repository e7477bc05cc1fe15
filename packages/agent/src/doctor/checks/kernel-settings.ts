import { ok, problem, warning } from "../finding.ts";
import type { Check } from "../finding.ts";

/** Which control groups hold guests to their compute. */
export const controlGroupsCheck: Check = {
  name: "control groups",
  async look({ read }) {
    const controllers = await read("/sys/fs/cgroup/cgroup.controllers");
    if (controllers?.split(/\s+/).includes("cpu") === true) {
      return ok("Version 2, with the cpu controller. No guest of ours ran under version 2 yet: see the support table.");
    }
    if ((await read("/sys/fs/cgroup/cpu/cpu.shares")) !== undefined) return ok("Version 1, with the cpu controller.");
    return problem(
      "No control groups with a cpu controller are mounted: nothing would hold guests to what they bought.",
      "Mount them, as every distribution's init does; in a container, run on the machine itself.",
    );
  },
};

/** Memory in large pages is some 10 % faster for guests. */
export const hugePagesCheck: Check = {
  name: "huge pages",
  async look({ read }) {
    const path = "/sys/kernel/mm/transparent_hugepage/enabled";
    const chosen = /\[(\w+)\]/.exec((await read(path)) ?? "")?.[1];
    if (chosen === "always" || chosen === "madvise") return ok(`Transparent huge pages: ${chosen}.`);
    return warning("Transparent huge pages are off: guests' memory is some 10 % slower.", `echo madvise > ${path}`);
  },
};

/** A full table costs guests their network; 65,536 entries, the usual size, were once too few. */
const trackedLeast = 262_144;

/** Whether connections of many guests can be tracked. */
export const connectionTableCheck: Check = {
  name: "connection table",
  async look({ read }) {
    const found = await read("/proc/sys/net/netfilter/nf_conntrack_max");
    const remedy =
      "Put nf_conntrack into /etc/modules-load.d/cloudhost.conf, so that it is loaded before the setting is made, and " +
      `net.netfilter.nf_conntrack_max = ${trackedLeast} into /etc/sysctl.d/90-cloudhost.conf; then restart.`;
    if (found === undefined)
      return warning("Connections are not tracked yet: the size of the table is not known.", remedy);
    const most = Number(found);
    if (most >= trackedLeast) return ok(`It holds ${most} connections.`);
    return warning(`It holds ${most} connections: when it is full, guests lose their network.`, remedy);
  },
};
