import type { DriverContext } from "@cloudhost/core/ports";
import { Calls } from "./calls.ts";
import type { FakeHostOptions } from "./options.ts";
import { faultsOf, openHost } from "./world/registry.ts";
import type { HostPart, OpenHost } from "./world/registry.ts";

/** Opens one part of a host, unless a fault forbids it. */
export async function openPart(
  part: HostPart,
  { world, state }: FakeHostOptions,
  { host, clock, signal }: DriverContext,
): Promise<{ readonly open: OpenHost; readonly calls: Calls }> {
  const place = { world, state, host };
  const calls = new Calls(host, clock, faultsOf(place), signal);
  const open = await calls.ask(part === "compute" ? "open" : "network.open", undefined, () => openHost(place, part));
  return { open, calls };
}
