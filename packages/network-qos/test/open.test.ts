import { CloudHostError, HostReserve, silentLogger, VirtualClock } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { linuxNetwork } from "../src/index.ts";
import { openOn } from "../src/open.ts";
import { LinuxNetworkOptions } from "../src/options.ts";
import { FakeKernel } from "./fake-kernel/index.ts";
import type * as linuxNetworkModule from "../src/linux-network.ts";
import type { Machine } from "../src/open.ts";
import type { Command, CommandResult, RunCommand } from "../src/run/command.ts";

const options = LinuxNetworkOptions.parse({ internal: "eth0", external: "eth1" });
const context = {
  host: "host-1",
  reserve: HostReserve.parse({ internalKbit: 100_000, externalKbit: 5000 }),
  clock: new VirtualClock(),
  logger: silentLogger,
};
const ok: CommandResult = { exitCode: 0, stdout: "", stderr: "" };

/** A scratch kernel that counts a guest's packets right, unless a test says otherwise. */
function scratch(answer: (command: Command) => CommandResult | undefined = () => undefined): RunCommand {
  let packets = 0;
  return async (command) => {
    const said = answer(command);
    if (said !== undefined) return said;
    if (command.input?.includes("link set dev chprobe0 up") === true) packets += 1;
    if (command.argv.includes("-s")) {
      const counted = `class htb 1:10 parent 1:1 leaf 10: prio 0\n Sent 42 bytes ${packets} pkt\n\nclass htb 1:f parent 1:1 leaf f: prio 0\n Sent 0 bytes 0 pkt\n`;
      return { ...ok, stdout: counted };
    }
    return command.argv.includes("fq_codel") ? { ...ok, exitCode: 2 } : ok;
  };
}

function machine(differing: Partial<Machine> & { readonly scratch?: RunCommand } = {}): Machine {
  const kernel = new FakeKernel();
  return {
    run: async (command) => {
      if (command.argv[0] !== "cat") return kernel.run(command);
      return { ...ok, stdout: command.argv[1] === "/sys/class/net/eth0/speed" ? "10000\n" : "1000\n" };
    },
    openScratchNamespace: async () => ({
      run: differing.scratch ?? scratch(),
      [Symbol.asyncDispose]: async () => {},
    }),
    userId: 0,
    ...differing,
  };
}

describe("opening a Linux host's network", () => {
  it("offers what the links report, the reserve taken off", async () => {
    const driver = await openOn(machine(), options, context);
    expect(driver.capabilities).toEqual({ shaping: true, isolation: true });
    expect(await driver.inventory()).toEqual({ internalKbit: 9_900_000, externalKbit: 995_000 });
    expect(driver.writes).toBe(0);
  });

  it("offers what the options say where they do", async () => {
    const driver = await openOn(machine(), { ...options, internalKbit: 50_000, externalKbit: 8000 }, context);
    expect(await driver.inventory()).toEqual({ internalKbit: 0, externalKbit: 3000 });
  });

  it("asks for the speed of a link that reports none", async () => {
    const { run } = machine();
    const silent: RunCommand = (command) =>
      command.argv[0] === "cat" ? Promise.resolve({ ...ok, exitCode: 1, stderr: "Invalid argument" }) : run(command);
    await expect(openOn(machine({ run: silent }), options, context)).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
      message: "Link eth0 reports no speed: set internalKbit.",
    });
  });

  it("says that it needs root", async () => {
    await expect(openOn(machine({ userId: 1000 }), options, context)).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
      message: expect.stringContaining("root") as string,
    });
  });

  it("names an uplink that is not there", async () => {
    await expect(openOn(machine(), { ...options, external: "eth7" }, context)).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
      message: "Host host-1 has no link eth7.",
    });
  });

  it("names a tool that is missing, and its package", async () => {
    const { run } = machine();
    const withoutIpset: RunCommand = (command) =>
      command.argv[0] === "ipset"
        ? Promise.reject(new CloudHostError("DEPENDENCY_MISSING", "no ipset", { dependency: "ipset", remedy: "" }))
        : run(command);
    await expect(openOn(machine({ run: withoutIpset }), options, context)).rejects.toMatchObject({
      code: "DEPENDENCY_MISSING",
      details: { dependency: "ipset" },
    });
  });
});

describe("a kernel that is tried out", () => {
  const refuses = (part: string): RunCommand =>
    scratch(({ argv, input }) =>
      input?.includes(part) === true || argv.includes(part) ? { ...ok, exitCode: 2, stderr: "not here\n" } : undefined,
    );

  it("is no host when it cannot keep guests apart", async () => {
    await expect(openOn(machine({ scratch: refuses("-m bpf") }), options, context)).rejects.toMatchObject({
      code: "DEPENDENCY_MISSING",
      details: { dependency: "iptables-restore" },
    });
  });

  it.for([
    ["has no HTB", refuses("htb")],
    ["accepts filters that match nothing", scratch(({ argv }) => (argv.includes("-s") ? ok : undefined))],
    ["accepts filters that match everything", counting((steps) => ({ server: steps, others: 0 }))],
    ["mixes up servers", counting((steps) => ({ server: Math.min(steps, 1), others: steps }))],
  ] as const)("offers no bandwidth when it %s", async ([, run]) => {
    const warnings: unknown[] = [];
    const logger = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
    const driver = await openOn(machine({ scratch: run }), options, { ...context, logger });
    expect(driver.capabilities).toEqual({ shaping: false, isolation: true });
    expect(await driver.inventory()).toEqual({ internalKbit: 0, externalKbit: 0 });
    expect(warnings).toHaveLength(1);
  });
});

/** A kernel whose counters stand so after the announcement (1) and after the forgery (2). */
function counting(counters: (steps: number) => { readonly server: number; readonly others: number }): RunCommand {
  let steps = 0;
  return scratch(({ argv, input }) => {
    if (input?.startsWith("link set dev chprobe0") === true) steps += 1;
    if (!argv.includes("-s")) return undefined;
    const { server, others } = counters(steps);
    const line = (minor: string, packets: number): string =>
      `class htb 1:${minor} parent\n Sent 1 bytes ${packets} pkt\n`;
    return { ...ok, stdout: line("10", server) + line("f", others) };
  });
}

describe("linuxNetwork()", () => {
  it("is data: a module and JSON", async () => {
    const config = linuxNetwork({ internal: "eth0", external: "eth1", internalKbit: undefined });
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
    const { default: module } = (await import(config.module)) as typeof linuxNetworkModule;
    expect(module.kind).toBe("network");
    expect(module.options.parse(config.options)).toEqual(options);
  });

  it.for([
    ["internal", { internal: "eth0; reboot", external: "eth1" }],
    ["external", { internal: "eth0", external: "an interface of many letters" }],
    ["bridge", { internal: "eth0", external: "eth1", bridge: "eth0" }],
    ["externalKbit", { internal: "eth0", external: "eth0", internalKbit: 5 }],
    ["internalKbit", { internal: "eth0", external: "eth1", internalKbit: 0.5 }],
    ["internalNetworks.0", { internal: "eth0", external: "eth1", internalNetworks: ["10.0.0.0"] }],
    ["netns", { internal: "eth0", external: "eth1", netns: "../host" }],
  ] as const)("refuses a wrong %s", ([path, wrong]) => {
    expect(() => linuxNetwork(wrong as never)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        details: { issues: [expect.objectContaining({ path }) as object] },
      }) as Error,
    );
  });
});
