import { networkOf, sampleBinding } from "@cloudhost/conformance";
import { applyNetworkChanges } from "@cloudhost/core/ports";
import type { HostNetwork, NetworkUpdate } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { LinuxNetworkDriver } from "../src/driver.ts";
import { FakeKernel } from "./fake-kernel/index.ts";
import { context, facts } from "./open-subject.ts";
import type { Command, RunCommand } from "../src/run/command.ts";

/** A kernel, a driver on it, and the commands that the driver ran. */
function openDriver(): { kernel: FakeKernel; driver: LinuxNetworkDriver; commands: Command[] } {
  const kernel = new FakeKernel();
  const commands: Command[] = [];
  const run: RunCommand = (command) => {
    commands.push(command);
    return kernel.run(command);
  };
  return { kernel, driver: new LinuxNetworkDriver(run, context, facts), commands };
}

const whole = (desired: HostNetwork, revision = 1): NetworkUpdate => ({
  revision,
  baseRevision: 0,
  changes: undefined,
  desired,
});

const reads = (commands: readonly Command[]): number =>
  commands.filter(({ argv }) => !["ip -batch -", "tc -batch -"].includes(argv.join(" ")) && !argv.includes("restore"))
    .length;

/** A network of one server, and the change that adds another. */
function oneMore(): { base: HostNetwork; more: NetworkUpdate } {
  const base = networkOf([sampleBinding(1)]);
  const binding = sampleBinding(2);
  const changes = [
    { kind: "binding", binding },
    { kind: "member", member: { address: binding.address, tenant: 1, via: null } },
  ] as const;
  return { base, more: { revision: 2, baseRevision: 1, changes, desired: applyNetworkChanges(base, changes) } };
}

describe("applying changes to what this driver applied itself", () => {
  it("reads nothing and writes only what changed", async () => {
    const { driver, commands } = openDriver();
    const { base, more } = oneMore();
    await driver.apply(whole(base));
    const before = commands.length;
    await driver.apply(more);
    const ran = commands.slice(before);
    expect(reads(ran)).toBe(0);
    expect(ran.flatMap(({ input }) => input?.trimEnd().split("\n") ?? [])).toHaveLength(18);
  });

  it("reads everything when somebody else was there meanwhile", async () => {
    const { kernel, driver } = openDriver();
    const { base, more } = oneMore();
    await driver.apply(whole(base));
    kernel.links.run("link del dev chbr0");
    await driver.apply(more);
    const fresh = openDriver();
    await fresh.driver.apply(whole(more.desired));
    expect([...kernel.links.links.keys()].toSorted()).toEqual([...fresh.kernel.links.links.keys()].toSorted());
  });

  it("reads everything after an apply that failed", async () => {
    const { kernel, driver, commands } = openDriver();
    const { base, more } = oneMore();
    await driver.apply(whole(base));
    kernel.linesLeft = 3;
    await expect(driver.apply(whole(more.desired, 2))).rejects.toMatchObject({ code: "HOST_UNAVAILABLE" });
    kernel.linesLeft = undefined;
    const before = commands.length;
    await driver.apply({ ...more, revision: 3, baseRevision: 2 });
    expect(reads(commands.slice(before))).toBeGreaterThan(0);
  });
});

describe("a driver whose host says no", () => {
  it("names the host and the line that failed", async () => {
    const run: RunCommand = async ({ argv }) =>
      argv.join(" ") === "ip -batch -"
        ? { exitCode: 1, stdout: "", stderr: "RTNETLINK answers: File exists\nCommand failed -:2\n" }
        : { exitCode: 0, stdout: "", stderr: "" };
    const driver = new LinuxNetworkDriver(run, context, facts);
    await expect(driver.apply(whole(networkOf([])))).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
      retryable: true,
      details: {
        host: "host-1",
        reason: expect.stringContaining("File exists; Command failed -:2 (link set dev chbr0 up)") as string,
      },
    });
  });

  it.for([
    ["tc", 128, ""],
    ["tc", 1, 'Cannot find device "ch-int-out"\nCommand failed -:1\nCannot open netlink socket\n'],
    ["ipset", 1, "ipset v7.17: Kernel error received: Operation not permitted\n"],
    ["iptables-save", 4, "Another app is currently holding the xtables lock.\n"],
  ] as const)("takes nothing for absent that %s could not show", async ([program, exitCode, stderr]) => {
    const { kernel, driver } = openDriver();
    await driver.apply(whole(networkOf([sampleBinding(1)])));
    const run: RunCommand = (command) =>
      command.argv[0] === program && command.argv[1] !== "-exist"
        ? Promise.resolve({ exitCode, stdout: "", stderr })
        : kernel.run(command);
    const blind = new LinuxNetworkDriver(run, context, facts);
    await expect(blind.apply(whole(networkOf([sampleBinding(2)])))).rejects.toMatchObject({ code: "HOST_UNAVAILABLE" });
    expect(blind.writes).toBe(0);
  });

  it("stops between two stages when it is cancelled", async () => {
    const { kernel, commands } = openDriver();
    const cancel = new AbortController();
    const run: RunCommand = (command) => {
      commands.push(command);
      if (command.argv.join(" ") === "ip -batch -") cancel.abort();
      return kernel.run(command);
    };
    const driver = new LinuxNetworkDriver(run, context, facts);
    const applying = driver.apply(whole(networkOf([sampleBinding(1)])), cancel.signal);
    await expect(applying).rejects.toMatchObject({ code: "CANCELLED" });
    expect(kernel.sets.sets.size).toBe(2);
    expect(commands.some(({ argv }) => argv[0] === "iptables-restore")).toBe(false);
  });
});

describe("a disposed driver", () => {
  it("has finished what was under way, and leaves the network standing", async () => {
    const { kernel, driver } = openDriver();
    const binding = sampleBinding(1);
    const applying = driver.apply(whole(networkOf([binding])));
    await driver[Symbol.asyncDispose]();
    expect(kernel.links.links.get(binding.tap)).toMatchObject({ master: "chbr0", up: true, isolated: true });
    await applying;
  });
});
