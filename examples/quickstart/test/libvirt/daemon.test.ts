import { describe, expect, it } from "vitest";
import { daemonAt, startDaemon } from "../../src/libvirt/daemon.ts";
import type { StateFolder } from "../../src/state/state-folder.ts";

describe("a daemon", () => {
  it.each([
    ["qemu:///system", "/var/run/libvirt/libvirt-sock", "/var/run/libvirt/qemu"],
    ["qemu:///system?socket=/srv/l/libvirt-sock", "/srv/l/libvirt-sock", "/srv/l/qemu"],
  ])("that is there is found at %s", (uri, socketPath, pidFolder) => {
    expect(daemonAt(uri)).toMatchObject({ socketPath, pidFolder, pid: undefined });
  });

  it("of our own is not tried where a socket's path would be too long", async () => {
    const path = `/srv/${"x".repeat(70)}`;
    await expect(startDaemon({ path } as StateFolder)).rejects.toThrow("choose a shorter one, --state DIR");
  });
});
