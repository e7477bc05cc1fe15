import { describeComputeDriver, describeHostFence, describeNetworkDriver } from "@cloudhost/conformance";
import { noExtensions } from "@cloudhost/core/ports";
import { openFenceSubject } from "./fence-subject.ts";
import { openNetworkSubject, openSubject } from "./subject.ts";

describeComputeDriver("a fake host in memory", () => openSubject());

describeComputeDriver("a fake host in a folder", () => openSubject({}, "in a folder"));

describeComputeDriver("a fake host that can do least", () =>
  openSubject({ capabilities: { ...noExtensions, cpuQuota: false, guestReady: false, directBoot: false } }),
);

describeNetworkDriver("a fake host", () => openNetworkSubject());

describeNetworkDriver("a fake host that can do least", () =>
  openNetworkSubject({ capabilities: { shaping: false, isolation: false } }),
);

describeHostFence("the power of fake hosts", () => openFenceSubject());
