import { describe, expect, it } from "vitest";
import { commandFailed } from "../../src/run/command.ts";
import { inNamespace, spawnRunner } from "../../src/run/spawn-runner.ts";
import type { Command } from "../../src/run/command.ts";

describe("running a program", () => {
  it("feeds its stdin and gives back what it says", async () => {
    const input = "a line; $(not) a shell's\n".repeat(10_000);
    expect(await spawnRunner({ argv: ["cat"], input })).toEqual({ exitCode: 0, stdout: input, stderr: "" });
  });

  it("tells its exit code, also of one that does not read its input", async () => {
    expect(await spawnRunner({ argv: ["false"], input: "x".repeat(1_000_000) })).toMatchObject({ exitCode: 1 });
  });

  it("says which package has a program that is missing", async () => {
    await expect(spawnRunner({ argv: ["a-tool-that-nobody-has"] })).rejects.toMatchObject({
      code: "DEPENDENCY_MISSING",
      details: { dependency: "a-tool-that-nobody-has" },
    });
  });

  it("is done in another namespace by a word before it", async () => {
    const commands: Command[] = [];
    const run = inNamespace(async (command) => {
      commands.push(command);
      return { exitCode: 0, stdout: "", stderr: "" };
    }, "/run/netns/blue");
    await run({ argv: ["ip", "link"], input: "x" });
    expect(commands).toEqual([{ argv: ["nsenter", "--net=/run/netns/blue", "--", "ip", "link"], input: "x" }]);
  });
});

describe("a failed command", () => {
  it.for([
    ["ip", "RTNETLINK answers: File exists\nCommand failed -:2\n"],
    ["tc", "Error: Invalid handle.\nWe have an error talking to the kernel\nCommand failed -:2\n"],
    ["iptables-restore", "iptables-restore v1.8.9 (nf_tables): \nline 2: RULE_REPLACE failed\n"],
    ["ipset", "ipset v7.17: Error in line 2: Set cannot be created\n"],
  ] as const)("of %s tells the line of its batch", ([program, stderr]) => {
    const command: Command = { argv: [program], input: "first\nsecond\nthird\n" };
    const error = commandFailed(command, { exitCode: 1, stdout: "", stderr }, "host-1");
    expect(error.details).toMatchObject({ host: "host-1", reason: expect.stringMatching(/\(second\)$/) as string });
    expect(error.message).not.toContain("second");
  });

  it("that says nothing tells its exit code", () => {
    const error = commandFailed({ argv: ["tc"] }, { exitCode: 3, stdout: "", stderr: "\n" }, "host-1");
    expect(error.details).toEqual({ host: "host-1", reason: "tc: exit code 3" });
  });
});
