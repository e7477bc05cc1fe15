import type { ActHost } from "../../operations/tools.ts";
import { CloudHostError } from "../../errors.ts";
import type { GuestNic, GuestSpec } from "../../ports/guest.ts";
import { ensureGuestFiles, guestSpec } from "../guest-spec.ts";
import type { GuestOwn, GuestPlan } from "../guest-spec.ts";

/** What of an act step's context the specification of its server's guest is made with. */
export interface GuestContext {
  readonly host: ActHost;
  readonly serverId: string;
  readonly ownOf: (serverId: string) => Promise<GuestOwn>;
}

/** @param nics those of its interfaces that it shall have */
async function specOf({ host, serverId, ownOf }: GuestContext, plan: GuestPlan, nics: NicFilter): Promise<GuestSpec> {
  const files = await ensureGuestFiles(host, plan, serverId);
  const { seed, nics: all } = await ownOf(serverId);
  const own = { seed, nics: all.filter(nics) };
  return guestSpec(serverId, plan, files, own);
}

/** Chooses among a server's interfaces. */
export type NicFilter = (nic: GuestNic) => boolean;

const everyNic: NicFilter = () => true;

/**
 * Brings a guest that is there to a specification: at once while it runs, for its next start while it is stopped.
 * @throws CloudHostError `GUEST_NOT_FOUND`: it is not made anew, its disks would be empty
 */
export async function changeGuest(context: GuestContext, plan: GuestPlan, nics: NicFilter = everyNic): Promise<void> {
  if (await changed(context, plan, nics)) return;
  const details = { guestId: context.serverId };
  throw new CloudHostError("GUEST_NOT_FOUND", `The host has no guest ${context.serverId}.`, details);
}

/** The same, where a guest that is gone needs nothing more. */
export async function changeGuestIfThere(
  context: GuestContext,
  plan: GuestPlan,
  nics: NicFilter = everyNic,
): Promise<void> {
  await changed(context, plan, nics);
}

async function changed(context: GuestContext, plan: GuestPlan, nics: NicFilter): Promise<boolean> {
  const { compute } = context.host;
  const guest = await compute.get(context.serverId);
  if (guest === undefined) return false;
  const spec = await specOf(context, plan, nics);
  await (guest.power === "running" ? compute.change(spec) : compute.define(spec));
  return true;
}
