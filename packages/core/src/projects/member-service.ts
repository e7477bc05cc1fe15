import { z } from "zod";
import { notFound, projectOf } from "../access/caller.ts";
import type { Caller, ChangeScope, Scope } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import type { Database } from "../database/database.ts";
import { GuardFailed, script } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import { Label } from "../names.ts";
import { Nothing, parseInput } from "../parse.ts";
import type { Clock } from "../ports/clock.ts";
import type { MemberStore } from "./member-store.ts";
import { AddMember, ListMembers, SetMemberRole } from "./model.ts";
import type { Member } from "./model.ts";

/** What {@link Members} needs. */
export interface MembersDependencies {
  readonly database: Database;
  readonly members: MemberStore;
  readonly clock: Clock;
}

/**
 * Who is in the project in which the actor acts, and as what. With `createCloud({ projectRoles: "members" })` this is
 * what counts; without it, the host product says who has which role, and this is its to use.
 */
export class Members {
  readonly #caller: Caller;
  readonly #dependencies: MembersDependencies;

  constructor(caller: Caller, dependencies: MembersDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /**
   * Puts somebody into the project, as a member unless said otherwise.
   * @throws CloudHostError `CONFLICT` for who is in it already
   * @example
   * await admin.members.add({ userId: "pat", role: "projectAdmin" });
   */
  async add(input: AddMember): Promise<Member> {
    const asked = { schema: AddMember, input, what: "a member" };
    return this.#caller.change("members.add", asked, async (scope, { userId, role }) => {
      const { members, clock } = this.#dependencies;
      const member = { userId, role, createdAtMs: clock.nowMs() };
      if (await this.#write(scope, userId, members.add(projectOf(scope).id, member))) return member;
      const details = { state: "a member", allowed: ["somebody who is none"] };
      throw new CloudHostError("CONFLICT", `${userId} is in the project already.`, details);
    });
  }

  /**
   * Makes a member a projectAdmin, or the other way round.
   * @throws CloudHostError `NOT_FOUND` for who is not in the project
   */
  async setRole(userId: string, input: SetMemberRole): Promise<Member> {
    const asked = { schema: SetMemberRole, input, what: "a member's role", find: this.#finding(userId) };
    return this.#caller.change("members.setRole", asked, async (scope, { role }, { member }) => {
      const done = await this.#write(
        scope,
        userId,
        this.#dependencies.members.setRole(projectOf(scope).id, userId, role),
      );
      if (!done) throw notFound("member", userId);
      return { ...member, role };
    });
  }

  /**
   * Puts somebody out of the project. What they made stays.
   * @throws CloudHostError `NOT_FOUND` for who is not in the project
   */
  async remove(userId: string): Promise<void> {
    const asked = { schema: Nothing, input: {}, what: "options of remove", find: this.#finding(userId) };
    await this.#caller.change("members.remove", asked, async (scope) => {
      const done = await this.#write(scope, userId, this.#dependencies.members.remove(projectOf(scope).id, userId));
      if (!done) throw notFound("member", userId);
    });
  }

  /**
   * Who is in the project, in the order of their ids unless said otherwise.
   * @example
   * for await (const { userId } of album.members.list({ role: "projectAdmin" })) console.log(userId);
   */
  list(input: ListMembers = {}): Listing<Member> {
    const asked = { permission: "members.list", schema: ListMembers, what: "a list of members" } as const;
    return listing(this.#caller, asked, input, (scope, where, part) =>
      this.#dependencies.members.find({ ...where, projectId: projectOf(scope).id }, part),
    );
  }

  #finding(userId: string): (scope: Scope) => Promise<{ readonly id: string; readonly member: Member }> {
    return async (scope) => {
      const parsed = parseInput(z.strictObject({ userId: Label }), { userId }, "a user's id");
      const member = await this.#dependencies.members.get(projectOf(scope).id, parsed.userId);
      if (member === undefined) throw notFound("member", parsed.userId);
      return { id: parsed.userId, member };
    };
  }

  /** Gives whether its guard held. */
  async #write(scope: ChangeScope, userId: string, change: Statement): Promise<boolean> {
    const { database, members } = this.#dependencies;
    try {
      await database.run(script(change, scope.accepted({ resources: [userId] })));
      return true;
    } catch (error) {
      if (error instanceof GuardFailed) return false;
      throw error;
    } finally {
      members.forget();
    }
  }
}
