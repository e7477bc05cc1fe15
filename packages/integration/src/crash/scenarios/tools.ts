import type { ActorCloud } from "@cloudhost/core";
import type { FakeFaults } from "@cloudhost/driver-fake";

/** A method of a fake host that can be made to fail. */
export type Failing = Parameters<FakeFaults["failNext"]>[1];

/** A failure that is not tried again. */
export const final = { code: "CONFLICT", times: 1 } as const;

/** The hosts of each case. */
export const hosts = ["host-1", "host-2"] as const;

/** Makes the next call of a method fail for good, on whichever host it is made. */
export const failing =
  (method: Failing) =>
  (faults: FakeFaults): void => {
    for (const host of hosts) faults.failNext(host, method, final);
  };

/** The host of the server `web-0`. */
export async function hostOfWeb(ops: ActorCloud): Promise<string> {
  for await (const { host } of ops.servers.list({ name: "web-0" })) if (host !== null) return host;
  throw new Error("There is no web-0 on a host.");
}
