import { networkOf, sampleBinding } from "@cloudhost/conformance";
import { describe, expect, it } from "vitest";
import { LinuxNetworkDriver } from "../src/driver.ts";
import { removeFrom } from "../src/remove.ts";
import { FakeKernel } from "./fake-kernel/index.ts";
import { context, facts } from "./open-subject.ts";
import type { Command } from "../src/run/command.ts";

const options = { internal: "eth0", external: "eth1" };

describe("removeLinuxNetwork()", () => {
  it("takes away what is ours and leaves what is not", async () => {
    const kernel = new FakeKernel();
    kernel.rules.tables.get("filter")?.get("FORWARD")?.push("-p tcp -m tcp --dport 25 -j DROP");
    kernel.sets.run("create theirs hash:ip", () => false);
    kernel.settings.set("net.ipv4.conf.eth0.forwarding", "0");
    kernel.settings.set("net.ipv4.conf.all.forwarding", "0");
    const before = kernel.picture();
    const desired = networkOf(
      [sampleBinding(1), sampleBinding(2)],
      [{ address: "10.98.9.9", tenant: 1, via: "172.20.0.2" }],
    );
    const driver = new LinuxNetworkDriver(kernel.run, context, facts);
    await driver.apply({ revision: 1, baseRevision: 0, changes: undefined, desired });
    expect(kernel.settings.get("net.ipv4.conf.eth0.forwarding")).toBe("1");
    await removeFrom({ run: kernel.run, userId: 0 }, options);
    expect(kernel.picture()).toEqual(before);
    expect(kernel.settings.get("net.ipv4.conf.eth0.forwarding")).toBe("0");
  });

  it("does nothing where nothing is", async () => {
    const kernel = new FakeKernel();
    kernel.settings.set("net.ipv4.conf.eth0.forwarding", "0");
    const inputs: Command[] = [];
    const run: typeof kernel.run = (command) => {
      if (command.input !== undefined) inputs.push(command);
      return kernel.run(command);
    };
    await removeFrom({ run, userId: 0 }, options);
    expect(inputs).toEqual([]);
  });

  it("says that it needs root", async () => {
    await expect(removeFrom({ run: new FakeKernel().run, userId: 1000 }, options)).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
    });
  });
});
