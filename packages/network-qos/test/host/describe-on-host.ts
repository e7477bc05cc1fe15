import { describe, expect, it } from "vitest";
import { openTestHosts } from "./test-host.ts";

/**
 * Describes tests that need root, the tools, namespaces and a kernel that shapes. Where something is missing they are
 * skipped and the reason is printed; with `CLOUDHOST_HOST_TESTS=1` that is a failure.
 */
export function describeOnHost(name: string, body: () => void): void {
  const required = process.env["CLOUDHOST_HOST_TESTS"] === "1";
  describe.runIf(reason === undefined)(`${name} on this machine`, () => {
    body();
  });
  it.runIf(reason !== undefined && required)(`${name} can be tested here`, () => expect.fail(reason));
}

const reason = await whyNot();
if (reason !== undefined) process.stderr.write(`Host tests of the network are skipped: ${reason}\n`);

async function whyNot(): Promise<string | undefined> {
  try {
    await using hosts = await openTestHosts();
    const { capabilities } = await hosts.one.open();
    return capabilities.shaping ? undefined : "this kernel does not shape";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
