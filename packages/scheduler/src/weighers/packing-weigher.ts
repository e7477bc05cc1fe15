import {
  builtInResources,
  defineWeigher,
  type HostView,
  type PlacementRequest,
  type ResourceName,
} from "@cloudhost/core/ports";
import { memo } from "../memo.ts";

/**
 * Prefers the host that the server fills the most, by its dominant share: of all its resources, the one of which the
 * largest part would be taken. Hosts are so filled one after another, and empty ones stay whole for large flavors.
 */
export const packingWeigher = defineWeigher({
  name: "PackingWeigher",
  reads: { request: ["resources"], host: ["free", "total"] },
  weigh: dominantShare,
});

/** 0 (nothing of the host taken) to 1 (some resource all taken), with this server on it. */
function dominantShare({ resources }: PlacementRequest, { free, total }: HostView): number {
  // Named one by one: a name that is a constant is read many times faster, and this runs for every host.
  let dominant = Math.max(
    share(free.milliEcu - resources.milliEcu, total.milliEcu),
    share(free.memoryMib - resources.memoryMib, total.memoryMib),
    share(free.diskGib - resources.diskGib, total.diskGib),
    share(free.internalKbit - resources.internalKbit, total.internalKbit),
    share(free.externalKbit - resources.externalKbit, total.externalKbit),
  );
  for (const name of declaredOf(total)) {
    dominant = Math.max(dominant, share(free[name] - resources[name], total[name]));
  }
  return Math.min(1, dominant);
}

/** The part that is taken when so much is left. */
const share = (left: number, total: number): number => (total === 0 ? 0 : 1 - left / total);

const builtIn: ReadonlySet<string> = new Set(builtInResources);

const declaredOf = memo((total: HostView["total"]) =>
  Object.keys(total).filter((name): name is ResourceName => !builtIn.has(name)),
);
