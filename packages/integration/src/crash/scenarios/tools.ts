import type { ActorCloud, Server } from "@cloudhost/core";
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

/** The server `web-0`, as an operator finds it. */
export async function web(ops: ActorCloud): Promise<Server> {
  for await (const server of ops.servers.list({ name: "web-0" })) return server;
  throw new Error("There is no web-0.");
}

/** The host that it is on. */
export async function hostOfWeb(ops: ActorCloud): Promise<string> {
  const { host } = await web(ops);
  if (host === null) throw new Error("web-0 is on no host.");
  return host;
}
