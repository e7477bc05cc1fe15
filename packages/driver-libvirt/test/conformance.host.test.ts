import { describeComputeDriver } from "@cloudhost/conformance";
import { describe } from "vitest";
import { openTestHost } from "./support/host.ts";
import { openSubject } from "./support/subject.ts";

const host = await openTestHost();

describe.skipIf(host === undefined)("on a libvirtd of its own", () => {
  describeComputeDriver("libvirt with QEMU", () => {
    if (host === undefined) throw new Error("there is no host");
    return openSubject(host);
  });
});
