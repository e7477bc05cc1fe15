import { describe, expect, it } from "vitest";
import { imagePropertiesFilter } from "../../src/filters/image-properties-filter.ts";
import { hostView, placementRequest } from "../fixtures.ts";

describe("ImagePropertiesFilter", () => {
  const host = hostView("host-1", { architecture: "x86_64", hypervisor: "kvm" });
  const check = (architecture: string | undefined, hypervisor: string | undefined) =>
    imagePropertiesFilter.check(placementRequest({ image: { architecture, hypervisor } }), host);

  it("keeps every host when the image asks for nothing", () => {
    expect(check(undefined, undefined)).toBe(true);
  });

  it("keeps a host that is what the image asks for", () => {
    expect(check("x86_64", "kvm")).toBe(true);
  });

  it("turns away another architecture", () => {
    expect(check("aarch64", "kvm")).toEqual({ need: "aarch64", have: "x86_64" });
  });

  it("turns away another hypervisor", () => {
    expect(check("x86_64", "lxc")).toEqual({ need: "lxc", have: "kvm" });
  });
});
