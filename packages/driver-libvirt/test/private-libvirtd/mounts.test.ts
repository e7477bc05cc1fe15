import { describe, expect, it } from "vitest";
import { namespaceCommands } from "../../src/private-libvirtd/mounts.ts";

const everything = (): boolean => true;

describe("a private daemon's namespace", () => {
  it("has the daemon's own files over the system's", () => {
    expect(namespaceCommands("/d", "keep", everything)).toEqual([
      ["mount", "--bind", "/d/etc", "/etc/libvirt"],
      ["mount", "--bind", "/d/lib", "/var/lib/libvirt"],
      ["mount", "--bind", "/d/cache", "/var/cache/libvirt"],
      ["mount", "--bind", "/d/log", "/var/log/libvirt"],
      ["mount", "--bind", "/d/run", "/run"],
    ]);
  });

  it("has devices, and no kvm, when it is to be hidden", () => {
    const commands = namespaceCommands("/d", "hide", everything);
    expect(commands).toContainEqual(["cp", "-a", "/dev/net/tun", "/d/dev/net/tun"]);
    expect(commands).toContainEqual(["mount", "--move", "/d/dev", "/dev"]);
    expect(commands.flat().filter((word) => word.includes("kvm"))).toEqual([]);
  });

  it("takes only the devices that are there, and keeps any path one argument", () => {
    const commands = namespaceCommands("/d; rm -rf /", "hide", (device) => device === "null");
    expect(commands.filter(([program]) => program === "cp")).toEqual([
      ["cp", "-a", "/dev/null", "/d; rm -rf /dev/null"],
    ]);
    expect(commands).toContainEqual(["mount", "--bind", "/d; rm -rf /etc", "/etc/libvirt"]);
  });
});
