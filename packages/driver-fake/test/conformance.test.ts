import { describeComputeDriver } from "@cloudhost/conformance";
import { openSubject } from "./subject.ts";

describeComputeDriver("a fake host in memory", () => openSubject());

describeComputeDriver("a fake host in a folder", () => openSubject({}, "in a folder"));

describeComputeDriver("a fake host that can do least", () =>
  openSubject({ capabilities: { cpuQuota: false, liveResize: false, guestReady: false, directBoot: false } }),
);
