import { resolve } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseCommandLine } from "../src/command-line.ts";

afterEach(() => vi.restoreAllMocks());

/** What it says on both streams. */
function silenced(): () => string {
  const said: unknown[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, "write").mockImplementation((text) => said.push(text) > 0);
  }
  return () => said.join("");
}

describe("the command line", () => {
  it("needs no option", () => {
    expect(parseCommandLine([], "/somewhere")).toEqual({
      driver: "fake",
      image: undefined,
      state: resolve("state/quickstart"),
      uri: undefined,
      json: false,
    });
  });

  it("keeps real guests apart from pretended ones", () => {
    expect(parseCommandLine(["--driver", "libvirt"], "/")).toMatchObject({
      state: resolve("state/quickstart-libvirt"),
    });
  });

  it("takes relative paths from where its user is", () => {
    expect(parseCommandLine(["--image", "a.qcow2", "--state", "../s", "--json"], "/home/amy")).toMatchObject({
      image: "/home/amy/a.qcow2",
      state: "/home/s",
      json: true,
    });
  });

  it("teaches", () => {
    const said = silenced();
    expect(parseCommandLine(["--help"], "/")).toBe(0);
    expect(said()).toMatch(/What it does[^]*Examples[^]*npm run quickstart -- --image[^]*Exit codes/);
  });

  it.each([
    [["--drivr", "fake"]],
    [["--uri", "qemu:///system"]],
    [["--driver", "libvirt", "--image", "a.raw"]],
    [["--driver", "xen"]],
    [["--image"]],
    [["now"]],
  ])("says what is wrong with %j", (argv) => {
    const said = silenced();
    expect(parseCommandLine(argv, "/")).toBe(2);
    expect(said()).toMatch(/^error: /);
  });
});
