import { describe, expect, it } from "vitest";
import { openTestHosts } from "./test-host.ts";

type Describe = (name: string, body: () => void) => void;

const run: Describe = (name, body) => {
  describe(`${name} on this machine`, () => {
    body();
  });
};

const skip: Describe = (name) => {
  process.stderr.write(`skipped: ${name}: ${reason}\n`);
  it(`${name} cannot be tested here`, (context) => {
    context.skip(true, reason);
    expect.fail("was not skipped");
  });
};

const fail: Describe = (name) => {
  it(`${name} can be tested here`, () => expect.fail(reason));
};

const reason = await whyNot();

/**
 * Describes tests that need root, the tools, namespaces and a kernel that shapes. Where something is missing they are
 * skipped and the reason is printed; with `CLOUDHOST_HOST_TESTS=1` that is a failure.
 */
export const describeOnHost: Describe =
  reason === undefined ? run : process.env["CLOUDHOST_HOST_TESTS"] === "1" ? fail : skip;

async function whyNot(): Promise<string | undefined> {
  try {
    await using hosts = await openTestHosts();
    const { capabilities } = await hosts.one.open();
    return capabilities.shaping ? undefined : "this kernel does not shape";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
