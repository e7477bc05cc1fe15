import { DriverConfig, isCloudHostError } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { libvirt, LibvirtOptions } from "../src/index.ts";

describe("libvirt()", () => {
  it("is data that names its module", async () => {
    const config = libvirt({ socketPath: "/run/libvirt/libvirt-sock" });
    expect(DriverConfig.parse(JSON.parse(JSON.stringify(config)))).toEqual(config);
    expect(LibvirtOptions.parse(config.options)).toEqual({
      uri: "qemu:///system",
      virtType: "auto",
      socketPath: "/run/libvirt/libvirt-sock",
    });
    const module = (await import(config.module)) as { default: { kind: string } };
    expect(module.default.kind).toBe("compute");
  });

  it.each([
    [{ uri: "xen:///" }, "uri"],
    [{ uri: "qemu+ssh://elsewhere/system" }, "uri"],
    [{ instancesDir: "relative" }, "instancesDir"],
    [{ milliEcuPerCore: 0.5 }, "milliEcuPerCore"],
    [{ virtType: "xen" as "kvm" }, "virtType"],
  ])("refuses %j, and says where", (options, path) => {
    const refusal = (): unknown => {
      try {
        return libvirt(options);
      } catch (error) {
        return isCloudHostError(error, "INVALID_ARGUMENT") && error.details.issues.map((issue) => issue.path);
      }
    };
    expect(refusal()).toEqual([path]);
  });
});
