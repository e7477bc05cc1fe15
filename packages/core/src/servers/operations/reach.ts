import type { Script, Statement } from "../../database/script.ts";
import type { FenceStore } from "../../hosts/fence-store.ts";

/** Which host the steps of an operation reach; `null` for none. */
export interface Reached {
  readonly reachedId: string | null;
}

/**
 * Whether a server's host is to be reached: one that is fenced runs nothing, and nobody waits for it.
 * @param left what is written for a fenced host, which is told when it comes back
 */
export function reach(
  fences: Pick<FenceStore, "hold" | "requireReachable">,
  hostId: string | null,
  left: (fencedId: string) => readonly Statement[] = () => [],
): readonly Script<Reached>[] {
  if (hostId === null) return [{ statements: [], result: { reachedId: null } }];
  return [
    { statements: [fences.requireReachable(hostId)], result: { reachedId: hostId }, refused: async () => "next" },
    { statements: [...left(hostId), fences.hold(hostId)], result: { reachedId: null }, refused: async () => "again" },
  ];
}
