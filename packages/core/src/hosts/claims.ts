import type { Script } from "../database/script.ts";
import type { QuotaNeeds } from "../quotas/store.ts";
import { ClaimStatements, quotaNeeds } from "./claim-statements.ts";
import type { Claim, ClaimParts } from "./claim-statements.ts";

/** A server, and the host on which it is to be. */
export interface Placed {
  readonly serverId: string;
  readonly hostId: string;
}

/**
 * Takes and gives back capacity. The guard is a conditional update, `used + need <= total`, never a read before a
 * write: under any number of claimers a host is filled exactly and never over. Host first, the project's quota row last,
 * since that is the hottest.
 */
export class Claims {
  readonly #parts: ClaimParts;
  readonly #statements: ClaimStatements;

  constructor(parts: ClaimParts) {
    this.#parts = parts;
    this.#statements = new ClaimStatements(parts);
  }

  /** Host, allocation and quota in one. */
  take(serverId: string, hostId: string, claim: Claim): Script<{ hostId: string }> {
    return { ...this.takeAll([{ serverId, hostId }], claim), result: { hostId } };
  }

  /** Hosts, allocations and quota of servers that are alike: all of it, or nothing. */
  takeAll(placed: readonly Placed[], claim: Claim): Script {
    // Hosts in one order, so that two who want several never wait for each other.
    const inOrder = placed.toSorted((a, b) => (a.hostId < b.hostId ? -1 : 1));
    const places = inOrder.map(({ serverId, hostId }) => this.#statements.take(serverId, hostId, claim));
    const needs = times(quotaNeeds(claim), placed.length);
    const statements = places.flatMap((place) => place.statements);
    return {
      statements: [...statements, this.#parts.quotas.take(claim.projectId, needs)],
      result: undefined,
      committed(rows) {
        let behind = 0;
        for (const place of places) place.committed(rows.slice(behind, (behind += place.statements.length)));
      },
      refused: (guard) => this.#statements.refused(guard, claim.projectId, needs),
    };
  }

  /** Gives back what a server has claimed, if anything; on both hosts while it has two. */
  release(serverId: string): Script {
    return { ...this.#statements.giveBack(serverId), result: undefined };
  }
}

/** The same for so many servers. */
const times = (needs: QuotaNeeds, servers: number): QuotaNeeds =>
  Object.fromEntries(Object.entries(needs).map(([name, need]) => [name, need * servers]));
