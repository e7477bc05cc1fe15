import { CloudHostError, parseInput } from "@cloudhost/core/ports";
import type { HostConfig } from "@cloudhost/core/ports";
import { computeModuleUrl } from "./compute-module.ts";
import { FakeHostOptions } from "./options.ts";
import type { HostPlace } from "./world/registry.ts";

/**
 * Where the fake hosts among these live.
 * @throws CloudHostError `INVALID_ARGUMENT` when none of them is a fake host
 */
export function placesOf(hosts: HostConfig | readonly HostConfig[]): HostPlace[] {
  const places = [hosts].flat().flatMap(({ name, compute }) => {
    if (compute.module !== computeModuleUrl) return [];
    const { world, state } = parseInput(FakeHostOptions, compute.options, "a fake host's options");
    return [{ world, state, host: name }];
  });
  if (places.length > 0) return places;
  const issues = [{ path: "", message: "expected what fakeFleet() or fakeHost() returned" }];
  throw new CloudHostError("INVALID_ARGUMENT", "None of these is a fake host.", { issues });
}
