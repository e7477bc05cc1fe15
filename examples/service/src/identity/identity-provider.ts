import type { Actor } from "@cloudhost/core";

/**
 * The joint to whoever knows the company's people: cloudhost has no users of its own. An implementation asks the
 * identity service, or checks a token's signature, and says in which project and in which roles somebody acts.
 */
export interface IdentityProvider {
  /** Who that is, or `undefined` for a token that nobody gave out. */
  actorOf(token: string): Promise<Actor | undefined>;
}
