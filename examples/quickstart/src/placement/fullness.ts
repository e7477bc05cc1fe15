import type { HostView, PlacementRequest, ResourceName } from "@cloudhost/core";

/** How full a host would be with a server on it, of the resource that it would then have least of. */
export interface Fullness {
  readonly resource: string;
  /** 0 to 100. */
  readonly percent: number;
}

/** What the scheduler's packing weigher goes by: the host that is the fullest with the server on it comes first. */
export function fullness({ resources }: PlacementRequest, { free, total }: HostView): Fullness {
  let fullest: Fullness = { resource: "milliEcu", percent: 0 };
  for (const [name, of] of Object.entries(total)) {
    const resource = name as ResourceName;
    if (of === 0) continue;
    const percent = 100 * (1 - (free[resource] - (resources[resource] ?? 0)) / of);
    if (percent > fullest.percent) fullest = { resource, percent };
  }
  return fullest;
}
