import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/main.ts";
import { pretendedMachine } from "../pretended-machine.ts";
import type { Changes } from "../pretended-machine.ts";

async function run(args: readonly string[], changes: Changes = {}) {
  const printed: string[] = [];
  const noted: string[] = [];
  const terminal = { print: (text: string) => void printed.push(text), note: (text: string) => void noted.push(text) };
  const exitCode = await runCli(args, terminal, { machine: pretendedMachine(changes) });
  return { exitCode, printed: printed.join("\n"), noted: noted.join("\n") };
}

describe("cloudhost-agent doctor", () => {
  it("ends with 0 where guests can run", async () => {
    const { exitCode, printed } = await run(["doctor"]);
    expect(exitCode).toBe(0);
    expect(printed).toMatch(/^ok {7}platform {10}Linux 6\.1\.0/);
    expect(printed).toMatch(/\n\nGuests can run here\.$/);
  });

  it("ends with 0 when there are but warnings", async () => {
    const { exitCode, printed } = await run(["doctor"], { userId: 1000 });
    expect(exitCode).toBe(0);
    expect(printed).toMatch(/\nwarning {2}user .*\n +→ Run it as root.*\n[^]*Guests can run here\. 1 warning\.$/);
  });

  it("ends with 1 where they cannot, each remedy below its problem", async () => {
    const { exitCode, printed } = await run(["doctor"], { refusal: "ENOENT", programs: { tc: undefined } });
    expect(exitCode).toBe(1);
    expect(printed).toMatch(/\nproblem {2}tc .*\n +→ apt-get install iproute2\n/);
    expect(printed).toMatch(/Guests cannot run here yet: 2 problems, 0 warnings\.$/);
  });

  it("prints JSON for machines", async () => {
    const { exitCode, printed } = await run(["doctor", "--json"], { refusal: "ENOENT" });
    const { findings } = JSON.parse(printed) as { findings: { check: string; level: string }[] };
    expect(exitCode).toBe(1);
    expect(findings.filter(({ level }) => level === "problem")).toMatchObject([{ check: "libvirtd" }]);
  });

  it("looks at the socket that it is told", async () => {
    const { printed } = await run(["doctor", "--socket", "/srv/libvirt-sock"]);
    expect(printed).toContain("It answers on /srv/libvirt-sock.");
  });
});

describe("cloudhost-agent", () => {
  it.each([["--help"], ["doctor", "--help"], ["-h"]])("teaches: %s", async (...args) => {
    const { exitCode, printed } = await run(args);
    expect(exitCode).toBe(0);
    expect(printed).toMatch(/^Usage: cloudhost-agent doctor/);
  });

  it.each([
    [[], /Say what to do: doctor/],
    [["run"], /no command run/],
    [["doctor", "now"], /no command doctor now/],
    [["doctor", "--loud"], /--loud/],
  ])("ends with 2 for %j", async (args, note) => {
    const { exitCode, printed, noted } = await run(args);
    expect({ exitCode, printed }).toEqual({ exitCode: 2, printed: "" });
    expect(noted).toMatch(note);
    expect(noted).toMatch(/--help/);
  });

  it("is a program", () => {
    const program = join(import.meta.dirname, "../../bin/cloudhost-agent.js");
    const { status, stdout } = spawnSync("node", ["--conditions=@cloudhost/source", program, "doctor", "--json"], {
      encoding: "utf8",
    });
    const { findings } = JSON.parse(stdout) as { findings: { check: string; level: string; found: string }[] };
    expect(findings[1]).toMatchObject({ check: "node", level: "ok", found: `Node ${process.versions.node}` });
    expect(status).toBe(findings.some(({ level }) => level === "problem") ? 1 : 0);
  });
});
