import type { Script } from "../database/script.ts";
import { ClaimStatements, quotaNeeds } from "./claim-statements.ts";
import type { Claim, ClaimParts } from "./claim-statements.ts";

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
    const place = this.#statements.take(serverId, hostId, claim);
    const needs = quotaNeeds(claim);
    return {
      ...place,
      statements: [...place.statements, this.#parts.quotas.take(claim.projectId, needs)],
      result: { hostId },
      refused: (guard) => this.#statements.refused(guard, claim.projectId, needs),
    };
  }

  /** Gives back what a server has claimed, if anything; on both hosts while it has two. */
  release(serverId: string): Script {
    return { ...this.#statements.giveBack(serverId), result: undefined };
  }
}
