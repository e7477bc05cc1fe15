import type { NetworkSubject } from "@cloudhost/conformance";
import { silentLogger, VirtualClock } from "@cloudhost/core/ports";
import { LinuxNetworkDriver } from "../src/driver.ts";
import { LinuxNetworkOptions } from "../src/options.ts";
import { FakeKernel } from "./fake-kernel/index.ts";
import type { HostFacts } from "../src/model.ts";

/** A host of 10 Gbit/s inside and 1 Gbit/s outside. */
export const facts: HostFacts = {
  options: LinuxNetworkOptions.parse({ internal: "eth0", external: "eth1" }),
  capacity: { internalKbit: 9_900_000, externalKbit: 1_000_000 },
  fairQueues: false,
};

/** Whose host it is. */
export const context = { host: "host-1", clock: new VirtualClock(), logger: silentLogger };

/** A driver over a pretended kernel, for the suite. */
export async function openFakeSubject(differing: Partial<HostFacts> = {}): Promise<NetworkSubject> {
  const kernel = new FakeKernel();
  const open = (): LinuxNetworkDriver => new LinuxNetworkDriver(kernel.run, context, { ...facts, ...differing });
  let newest = open();
  let earlierWrites = 0;
  return {
    driver: newest,
    otherHost: "172.20.0.2",
    host: {
      picture: async () => kernel.picture(),
      writes: async () => earlierWrites + newest.writes,
    },
    async reopen() {
      await newest[Symbol.asyncDispose]();
      earlierWrites += newest.writes;
      return (newest = open());
    },
    [Symbol.asyncDispose]: () => newest[Symbol.asyncDispose](),
  };
}
