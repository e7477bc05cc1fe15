import type { Facts, Row } from "./store.ts";

/** Where a guest must be, and how. */
export interface Place {
  readonly hostId: string;
  /** Any of these; `undefined`: whichever. */
  readonly powers: readonly string[] | undefined;
  /** Under which its disks are kept there, if at all. */
  readonly keepId: string | undefined;
}

/** What of a resize that waits to be confirmed or reverted says where guests are. */
interface Pending {
  readonly power: string;
  readonly way: { readonly kind: string; readonly sourceId?: string; readonly keepId?: string };
}

const powersOf: Readonly<Record<string, readonly string[]>> = {
  active: ["running"],
  rescued: ["running"],
  paused: ["paused"],
  suspended: ["suspended"],
  stopped: ["stopped"],
  softDeleted: ["stopped", "suspended"],
};

/** The guests that a server has: none, one, or, until a resize to another host is settled, two. */
export function placesOf(server: Row): readonly Place[] {
  const { state, fault, host_id: host, resize } = server;
  if (host === null) return [];
  const hostId = String(host);
  // One that is rescued or resized stays that when it stops unasked; its fault says so.
  const asSaid = (power: string): readonly string[] | undefined => (fault === null ? powersOf[power] : ["stopped"]);
  if (state === "resized" && typeof resize === "string") {
    const { power, way } = JSON.parse(resize) as Pending;
    const here = { hostId, powers: asSaid(power), keepId: way.keepId };
    return way.sourceId === undefined
      ? [here]
      : [here, { hostId: way.sourceId, powers: ["stopped"], keepId: undefined }];
  }
  const powers = state === "rescued" ? asSaid("rescued") : powersOf[String(state)];
  return powers === undefined && state !== "error" ? [] : [{ hostId, powers, keepId: undefined }];
}

/** Whether a server is on no host, its disks in the image store: also while its deletion can be taken back. */
export const isShelved = ({ state, deleted_from: from }: Row): boolean =>
  state === "shelved" || (state === "softDeleted" && from === "shelved");

/**
 * Ids of the servers of whom something may be left on a host: of one that was evacuated from it, until the host has
 * returned; of one that was given up, until it is deleted.
 */
export function leftOn(hostName: unknown, facts: Facts): ReadonlySet<unknown> {
  const { allocations, evacuations, hosts } = facts;
  const host = hosts.find(({ name }) => name === hostName);
  const givenUp = abandoned(facts);
  const claimed = allocations.filter(({ server_id: id }) => givenUp.has(id));
  return new Set(
    [...evacuations, ...claimed].filter(({ host_id: id }) => id === host?.["id"]).map(({ server_id: id }) => id),
  );
}

/**
 * Ids of the servers whose last operation was given up where it was. What their hosts have of them may be anything; what
 * they claim stays claimed.
 */
export function abandoned({ operations, servers }: Facts): ReadonlySet<unknown> {
  const given = new Set(operations.filter((operation) => operation["abandoned"] !== null).map(({ id }) => id));
  return new Set(servers.filter(({ operation_id: id }) => given.has(id)).map(({ id }) => id));
}
