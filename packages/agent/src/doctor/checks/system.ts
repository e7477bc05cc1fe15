import { ok, problem, warning } from "../finding.ts";
import type { Check } from "../finding.ts";

const newestNeeded = 24;

/** Hosts are Linux. */
export const platformCheck: Check = {
  name: "platform",
  async look({ platform, read }) {
    if (platform !== "linux") {
      return problem(
        `This is ${platform}.`,
        "Real guests need Linux. Fake hosts (@cloudhost/driver-fake) run anywhere.",
      );
    }
    return ok(`Linux ${((await read("/proc/sys/kernel/osrelease")) ?? "").trim()}`);
  },
};

/** The Node that this runs on. */
export const nodeCheck: Check = {
  name: "node",
  async look({ nodeVersion }) {
    if (Number(nodeVersion.split(".")[0]) >= newestNeeded) return ok(`Node ${nodeVersion}`);
    return problem(`This is Node ${nodeVersion}.`, `Install Node ${newestNeeded} or newer.`);
  },
};

/** Who runs it. */
export const userCheck: Check = {
  name: "user",
  async look({ userId }) {
    if (userId === 0) return ok("root");
    return warning(
      `This is user ${userId}: what is said below holds for that user.`,
      "Run it as root, as which a host's network is set up.",
    );
  },
};
