import { builtInResources, type HostView, type PlacementRequest, type ResourceName } from "@cloudhost/core/ports";
import { memo } from "../memo.ts";

/** Of all of a host's resources, the one of which the largest part would be taken with a server on it: that part, 0 to 1. */
export function largestShare({ resources }: PlacementRequest, { free, total }: HostView): number {
  // Named one by one: a name that is a constant is read many times faster, and this runs for every host.
  let largest = Math.max(
    share(free.milliEcu - resources.milliEcu, total.milliEcu, 0),
    share(free.memoryMib - resources.memoryMib, total.memoryMib, 0),
    share(free.diskGib - resources.diskGib, total.diskGib, 0),
    share(free.internalKbit - resources.internalKbit, total.internalKbit, 0),
    share(free.externalKbit - resources.externalKbit, total.externalKbit, 0),
  );
  for (const name of declaredOf(total))
    largest = Math.max(largest, share(free[name] - resources[name], total[name], 0));
  return Math.min(1, largest);
}

/** The smallest such part. */
export function smallestShare({ resources }: PlacementRequest, { free, total }: HostView): number {
  let smallest = Math.min(
    share(free.milliEcu - resources.milliEcu, total.milliEcu, 1),
    share(free.memoryMib - resources.memoryMib, total.memoryMib, 1),
    share(free.diskGib - resources.diskGib, total.diskGib, 1),
    share(free.internalKbit - resources.internalKbit, total.internalKbit, 1),
    share(free.externalKbit - resources.externalKbit, total.externalKbit, 1),
  );
  for (const name of declaredOf(total))
    smallest = Math.min(smallest, share(free[name] - resources[name], total[name], 1));
  return Math.max(0, smallest);
}

/**
 * The part that is taken when so much is left.
 * @param none what stands for it where the host has none of the resource, which is passed over
 */
const share = (left: number, total: number, none: number): number => (total === 0 ? none : 1 - left / total);

const builtIn: ReadonlySet<string> = new Set(builtInResources);

const declaredOf = memo((total: HostView["total"]) =>
  Object.keys(total).filter((name): name is ResourceName => !builtIn.has(name)),
);
