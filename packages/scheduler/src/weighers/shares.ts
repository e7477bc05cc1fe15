import { builtInResources, type HostView, type PlacementRequest, type ResourceName } from "@cloudhost/core/ports";
import { memo } from "../memo.ts";

/** What part of a host would be taken with a server on it, 0 to 1: of the resource of which most, and of which least. */
export interface TakenShares {
  most: number;
  least: number;
}

const shares: TakenShares = { most: 0, least: 1 };

/** The same object each time: this runs for every host. A resource that the host has none of is passed over. */
export function takenShares({ resources }: PlacementRequest, { free, total }: HostView): Readonly<TakenShares> {
  shares.most = 0;
  shares.least = 1;
  // Named one by one: a name that is a constant is read many times faster.
  take(free.milliEcu - resources.milliEcu, total.milliEcu);
  take(free.memoryMib - resources.memoryMib, total.memoryMib);
  take(free.diskGib - resources.diskGib, total.diskGib);
  take(free.internalKbit - resources.internalKbit, total.internalKbit);
  take(free.externalKbit - resources.externalKbit, total.externalKbit);
  for (const name of declaredOf(total)) take(free[name] - resources[name], total[name]);
  if (shares.least > shares.most) shares.least = shares.most;
  return shares;
}

/** @param left so much of it would be left */
function take(left: number, total: number): void {
  if (total === 0) return;
  const share = Math.min(1, Math.max(0, 1 - left / total));
  if (share > shares.most) shares.most = share;
  if (share < shares.least) shares.least = share;
}

const builtIn: ReadonlySet<string> = new Set(builtInResources);

const declaredOf = memo((total: HostView["total"]) =>
  Object.keys(total).filter((name): name is ResourceName => !builtIn.has(name)),
);
