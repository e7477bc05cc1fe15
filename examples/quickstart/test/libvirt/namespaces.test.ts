import { afterEach, describe, expect, it, vi } from "vitest";
import { insideNamespaces, requireRoot } from "../../src/libvirt/namespaces.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe("namespaces", () => {
  it("need root, and say what to type", () => {
    vi.spyOn(process, "getuid").mockReturnValue(1000);
    expect(requireRoot).toThrow("Real guests need root: sudo npm run quickstart -- --driver libvirt");
    vi.spyOn(process, "getuid").mockReturnValue(0);
    expect(requireRoot).not.toThrow();
  });

  it("are a process's own: one that it starts does not take them for its", () => {
    expect(insideNamespaces()).toBe(false);
    vi.stubEnv("CLOUDHOST_QUICKSTART_NAMESPACES", String(process.pid));
    expect(insideNamespaces()).toBe(true);
    vi.stubEnv("CLOUDHOST_QUICKSTART_NAMESPACES", String(process.ppid));
    expect(insideNamespaces()).toBe(false);
  });
});
